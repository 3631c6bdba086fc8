"""Charts, rendered as the cluster would get them."""
