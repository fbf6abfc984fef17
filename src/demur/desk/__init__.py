"""The staff's pages: the docket, the case, the law library, the ledger.

Views only show what lower rooms hold and hand what a person does to `demur.docket.acts`; no view changes a case
by itself. Every page but sign-in needs a person with a role, every table has `.json` and `.csv` beside it, and
nothing on a page comes from another host.
"""
