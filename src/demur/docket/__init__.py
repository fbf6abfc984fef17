"""The docket: the life of a case from service to closing.

`lifecycle` says, without any database, who may do what and when; `acts` is the one way to change a case and
writes the act, its ledger entry and its events in one transaction; `standing` tells a page where a case stands,
what is due and who must do what next.
"""
