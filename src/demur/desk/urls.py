"""Every address of the desk."""

from allauth.account import views as account
from allauth.account.decorators import reauthentication_required
from django.urls import include, path, register_converter

from .views import (
    audit,
    cases,
    customers,
    docket,
    draft,
    errors,
    law,
    ledger,
    precedents,
    privileged,
    registers,
    start,
    touched,
)


class Form:
    """The form of a table's data."""

    regex = "json|csv"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class Paper(Form):
    """The form of a privileged paper's file."""

    regex = "json|csv|pdf|docx"


class Number:
    """A case's number."""

    regex = "[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class Rule:
    """A rule's id."""

    regex = r"[a-z0-9][a-z0-9.\-]*"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class Sha256:
    """The name of an original."""

    regex = "[0-9a-f]{64}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


for name, converter in (("form", Form), ("paper", Paper), ("number", Number), ("rule", Rule), ("sha256", Sha256)):
    register_converter(converter, name)

urlpatterns = [
    path("", start.home, name="home"),
    path("docket/", docket.docket, name="docket"),
    path("docket.<form:form>", docket.docket, name="docket-data"),
    path("reminders.<form:form>", docket.reminders, name="reminders-data"),
    path("receive/", docket.receive, name="receive"),
    path("cases/<number:number>/", cases.case, name="case"),
    path("cases/<number:number>.<form:form>", cases.data, name="case-data"),
    path("cases/<number:number>/others/", cases.others, name="case-others"),
    path("cases/<number:number>/facts/", cases.confirm, name="case-facts"),
    path("cases/<number:number>/acts/<slug:act>/", cases.act, name="case-act"),
    path("cases/<number:number>/documents/<int:document>/", cases.original, name="case-original"),
    path("cases/<number:number>/documents/<int:document>/<int:page>.png", cases.page, name="case-page"),
    path("cases/<number:number>/letters/<int:draft>/", cases.letter, name="case-letter"),
    path("cases/<number:number>/letters/<int:draft>/<int:page>.png", cases.letter_page, name="case-letter-page"),
    path("cases/<number:number>/again/", cases.again, name="case-again"),
    path("cases/<number:number>/privileged/", privileged.papers, name="case-privileged"),
    path("cases/<number:number>/privileged/<slug:what>.<paper:form>", privileged.paper, name="case-paper"),
    path("precedents/", precedents.precedents, name="precedents"),
    path("precedents.<form:form>", precedents.precedents, name="precedents-data"),
    path("precedents/give/", precedents.give, name="precedents-give"),
    path("touched/", touched.touched, name="touched"),
    path("touched.<form:form>", touched.touched, name="touched-data"),
    path("customers/", registers.customers, name="customers"),
    path("customers.<form:form>", registers.customers, name="customers-data"),
    path("customers/new/", registers.change_customer, name="customer-new"),
    path("customers/promises/", registers.change_promises, name="promises"),
    path("customers/<slug:slug>/", registers.customer, name="customer"),
    path("customers/<slug:slug>/change/", registers.change_customer, name="customer-change"),
    path("authorities/", registers.authorities, name="authorities"),
    path("authorities.<form:form>", registers.authorities, name="authorities-data"),
    path("authorities/new/", registers.change_authority, name="authority-new"),
    path("authorities/<slug:slug>/", registers.authority, name="authority"),
    path("authorities/<slug:slug>/change/", registers.change_authority, name="authority-change"),
    path("law/", law.shelf, name="law"),
    path("law.<form:form>", law.shelf, name="law-data"),
    path("law/figures/", law.figures, name="figures"),
    path("law/figures.<form:form>", law.figures, name="figures-data"),
    path("law/draft/", draft.draft, name="draft"),
    path("law/draft/facts/", draft.facts, name="draft-facts"),
    path("law/draft/proposal.toml", draft.proposal, {"form": "toml"}, name="draft-toml"),
    path("law/draft/proposal.diff", draft.proposal, {"form": "diff"}, name="draft-diff"),
    path("law/<rule:identity>/", law.rule, name="rule"),
    path("law/<rule:identity>.<form:form>", law.rule, name="rule-data"),
    path("ledger/", ledger.ledger, name="ledger"),
    path("ledger.<form:form>", ledger.ledger, name="ledger-data"),
    path("audit/", audit.audit, name="audit"),
    path("audit.<form:form>", audit.audit, name="audit-data"),
    path("audit/<number:number>/", audit.case, name="audit-case"),
    path("audit/<number:number>.<form:form>", audit.case, name="audit-case-data"),
    path("audit/<number:number>/<int:seq>.tlog-proof", audit.receipt, name="audit-receipt"),
    # The customer's own page.
    path("mine/", customers.mine, name="mine"),
    path("mine/for/", customers.choose, name="mine-for"),
    path("mine/<number:number>/", customers.case, name="mine-case"),
    path("mine/<number:number>/notice.pdf", customers.notice, name="mine-notice"),
    path("mine/<number:number>/acts/<slug:act>/", customers.act, name="mine-act"),
    path("mine/<number:number>/received/<int:place>/", customers.received, name="mine-received"),
    path("receipt/<slug:secret>/", customers.receipt, name="receipt"),
    # Sign-in: only what local people need; nobody signs up, and nothing is mailed.
    path("sign-in/", account.login, name="account_login"),
    path("sign-out/", account.logout, name="account_logout"),
    path("sign-in/again/", account.reauthenticate, name="account_reauthenticate"),
    path("sign-in/password/", account.password_change, name="account_change_password"),
    # Whoever signs in by a passkey alone shows it once more before a password is set.
    path("sign-in/password/set/", reauthentication_required(account.password_set), name="account_set_password"),
    path("sign-in/inactive/", account.account_inactive, name="account_inactive"),
    path("sign-in/second/", include("allauth.mfa.urls")),
]

handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.failed
