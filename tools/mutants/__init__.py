"""Whether the tests can fail: plausible mistakes put into the code, one at a time, and what the tests say."""
