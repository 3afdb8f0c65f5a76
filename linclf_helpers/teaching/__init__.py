"""For teachers: nbgrader assignments, how the class did, a handout, live slides.

`python -m linclf_helpers.teaching --help` lists the commands. They work in a clone of the course, whose notebooks they
read. Nothing else of the package imports this, and learners' handouts leave it out.
"""
