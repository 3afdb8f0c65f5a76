"""What learners get wrong: one file a theme, each with its exercises and their mistakes."""
