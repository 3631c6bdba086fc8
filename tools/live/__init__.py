"""What each saved file changes, as soon as it is saved: a warm process forks, and its child reads all files anew."""
