"""What people run: a module for each command, with its options and what it prints. All else in `tools` is a library."""
