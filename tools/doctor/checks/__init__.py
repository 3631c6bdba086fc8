"""One module for each concept; a check is a small generator of findings."""
