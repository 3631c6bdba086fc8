"""What the guard refuses."""
