"""Clusters of every shape, each in a file of its own: to copy into `clusters/`, and what the tests of the product use.

`BLUEPRINTS=examples make synth CLUSTER=fargate` shows what one consists of.
"""
