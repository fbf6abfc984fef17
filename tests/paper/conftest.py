"""Values that several tests of papers start from."""

from __future__ import annotations

import pytest
from handmade import assessment, finding

from demur.law.findings import Assessment, Compellable, Reason
from demur.paper import Party


@pytest.fixture
def provider() -> Party:
    return Party(
        "Example Hosting LLC",
        ("100 Main Street", "Springfield", "United States"),
        signer="A. Counsel",
        role="General Counsel",
        contact=("legal@hosting.example",),
    )


@pytest.fixture
def nsl() -> Assessment:
    """A national security letter that asks for more than it may, with a gag."""
    ecpa = "18 U.S.C. 2709(b)(1)"
    return assessment(
        finding(
            "us.nsl.scope", against="clause", effect="void", force="hard", strength="mandatory", clause=0,
            title="A national security letter reaches four things only",
            says="It can compel name, address, length of service and toll billing records, and nothing else.",
            cites=(ecpa, "32 Op. O.L.C. 145 (2008)"),
            because=(
                Reason("true", "the instrument is a national security letter", ("kind",)),
                Reason("true", "electronic communication transactional records are asked", ("asks_transactional",)),
            ),
        ),
        finding(
            "us.nsl.reciprocal-notice", against="gag", title="The Government must bring the gag before a court",
            says="A recipient who wishes so may have a court review the duty of non-disclosure.",
            cites=("18 U.S.C. 3511(b)(1)(A)",), forum="district court", strength="mandatory",
            because=(Reason("true", "a duty of non-disclosure comes with it", ("gag_present",)),),
        ),
        finding("us.nsl.setaside", forum="district court where the recipient does business", strength="strong",
                title="The letter may be set aside if unreasonable, oppressive or unlawful",
                cites=("18 U.S.C. 3511(a)",), effect="challenge", who=("provider",)),
        finding("x.policy.customer-first", effect="redirect", strength="policy",
                title="The customer should be asked first"),
        finding("us.person.privilege", against="target", clause=0, target=0, who=("customer", "person"),
                title="Communications with a lawyer are privileged",
                because=(Reason("true", "the user is a lawyer", ("user_is_lawyer",)),)),
        finding("us.nsl.cert", verdict="unknown", missing=("certified_relevant", "user_us_person"), force="hard",
                strength="mandatory", because=(), title="Relevance must be certified"),
        finding("us.nsl.library", verdict="unknown", missing=("library_is_ecs",), force="hard", strength="mandatory",
                because=(), title="A library is no provider", cites=("18 U.S.C. 2709(g)",)),
        compels=(
            Compellable(0, "subscriber", "yes", ()),
            Compellable(0, "toll_billing", "yes", ()),
            Compellable(0, "transactional", "no", ()),
        ),
    )  # fmt: skip
