"""What a change of the fleet does, for the person who reviews it."""
