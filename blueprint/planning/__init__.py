"""What follows from a blueprint: `planner.plan` works it out, `document` holds it, and is all that renderers read."""
