"""Two revisions of the fleet: what differs in their templates, and what CloudFormation would do about it."""
