"""Demands as facts, of which every question is answered but those a test asks about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

TODAY = datetime.now(UTC).date()
SUBPOENA = {
    "kind": "subpoena.gj",
    "issuer_country": "us",
    "issuer_level": "federal",
    "issuer_body": "U.S. Attorney",
    "issued_on": (TODAY - timedelta(7)).isoformat(),
    "due_on": (TODAY + timedelta(14)).isoformat(),
    "gag_present": False,
    "signed": True,
    "legal_basis_stated": True,
    "served_entity_holds_data": True,
    "gdpr_applies": False,
    "burden_undue": False,
    "relevance_doubtful": False,
    "user_is_parliamentarian": False,
    "user_is_diplomat": False,
    "user_is_journalist": False,
    "conflicting_law": False,
    "charge_pending": False,
    "data_country": "us",
    "verified": True,
    "authority_has_power": True,
    "format_insecure": False,
}
"""A federal grand jury's subpoena of which every question is answered, and none of it helps the customer."""

GERMAN = {
    "kind": "national.order", "issuer_country": "de", "gdpr_applies": True, "special_category_data": True,
    "opening_clause_met": True, "offence_stated": True, "qualified_check_passed": True, "user_is_lawyer": False,
    "user_is_clergy": False, "user_is_doctor": False, "data_country": "de", "legal_basis_in_force": True,
    "offence_administrative": False, "offence_meets_threshold": True, "limited_to_demand": True,
    "sealed_to_recipient": True,
}  # fmt: skip
"""An order of which only the disclosure test still wants to know something."""
