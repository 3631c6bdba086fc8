"""A fleet: three environments, each in an account of its own and in two regions; `BLUEPRINTS=examples/fleet`."""
