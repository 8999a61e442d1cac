"""The policy: who may give what, how much, and with how many approvals."""
