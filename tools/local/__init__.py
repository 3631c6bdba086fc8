"""A cluster on this machine: the real CDK CLI against an AWS emulator on loopback. See docs/local.md."""
