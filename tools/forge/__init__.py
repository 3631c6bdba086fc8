"""What a pull request may do with the dangers that its review found: a comment, a verdict, and who may let it pass."""
