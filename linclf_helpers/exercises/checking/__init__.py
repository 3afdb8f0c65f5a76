"""How a learner's function is judged: observe, compare, judge, show."""
