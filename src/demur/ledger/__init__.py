"""The ledger: no act without its entry, and anyone can check that nothing was changed or taken out.

`SqlStore.append` keeps an entry in the caller's transaction; `seal` and `release` publish a fixed number of leaves
every epoch, real or cover, as a tiled log (c2sp.org/tlog-tiles); `verify` checks it all from the outside. A leaf
tells nothing by itself: it is opened by salts that an auditor is shown, and a body is erased by destroying its own.

By themselves stand `log` (a ledger of one's own with group commit), `witness` and `cosign` (both sides of
cosigning), `audit` (openings for a recount), `verifier` (one file to hand to a stranger) and `bench`.
"""

from .checkpoint import Checkpoint
from .entry import COVER, OWN, Entry, new_entry
from .epoch import Lock, release, seal
from .errors import BehindError, ForkError, LedgerError
from .folder import TileFolder
from .note import COSIGNATURE, ED25519, ML_DSA_44, Note, SignerKey, VerifierKey
from .receipt import receipt
from .restore import CaughtUp, catch_up
from .schedule import EVERY, LEAVES, Schedule
from .store import Epoch, SqlStore, Store, Stored
from .verify import DatabaseReport, VerifyReport, verify, verify_database, verify_receipt

__all__ = [
    "COSIGNATURE",
    "COVER",
    "ED25519",
    "EVERY",
    "LEAVES",
    "ML_DSA_44",
    "OWN",
    "BehindError",
    "CaughtUp",
    "Checkpoint",
    "DatabaseReport",
    "Entry",
    "Epoch",
    "ForkError",
    "LedgerError",
    "Lock",
    "Note",
    "Schedule",
    "SignerKey",
    "SqlStore",
    "Store",
    "Stored",
    "TileFolder",
    "VerifierKey",
    "VerifyReport",
    "catch_up",
    "new_entry",
    "receipt",
    "release",
    "seal",
    "verify",
    "verify_database",
    "verify_receipt",
]
