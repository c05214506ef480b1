"""The version of the contracts: a change that breaks consumers raises it."""

#: Raise it, and write docs/contracts anew, when a break is meant.
VERSION = 1
