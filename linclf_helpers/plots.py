"""Static figures of the course. Each takes the axes to draw on; none touches pyplot."""


def use_course_style() -> None:
    """Give matplotlib the colours and fonts of the course."""
