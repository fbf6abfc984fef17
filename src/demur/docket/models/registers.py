"""Who the provider knows: its customers and what it promised them, and the authorities that write to it.

Written by `demur.docket.registers` alone; each change is kept whole, with its entry in the ledger.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models

from .cases import Entry


class Customer(models.Model):
    """A tenant: a public body, an enterprise, or a consumer.

    `slug` names it in states, links and entries. `provider_role` is whether the provider is processor or controller
    of this data; `holder` is the entity that holds it, in `data_country`. `controller` is the customer's own
    customer where it is itself a processor: there the demand goes up to (GDPR Art. 28(3)(a), SCC clause 15.1).
    """

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, help_text="a value of the fact customer_kind")
    provider_role = models.CharField(max_length=20, default="processor")
    country = models.CharField(max_length=2, blank=True, help_text="where the customer is established")
    data_country = models.CharField(max_length=2, blank=True)
    holder = models.CharField(max_length=200, blank=True)
    keys_held_by = models.CharField(max_length=20, blank=True)
    holds_secrets = models.BooleanField(
        null=True, blank=True, help_text="a law firm, hospital, newsroom or other holder of professional secrets"
    )
    controller = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="processors")
    until = models.DateField(null=True, blank=True, help_text="the first day it is no customer any more")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Handle(models.Model):
    """What a demand may call a customer's data by: a domain, a tenant, an account, an address.

    A domain stands for those below it too; an IP handle is one address or a network.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="handles")
    kind = models.CharField(max_length=20, help_text="domain, tenant, account, email, phone or ip")
    value = models.CharField(max_length=254, help_text="in small letters")

    class Meta:
        ordering = ["kind", "value"]
        constraints = [models.UniqueConstraint(fields=["kind", "value"], name="one_customer_per_handle")]

    def __str__(self) -> str:
        return self.value


class Contact(models.Model):
    """Whom to tell at a customer. Where one gives no receipt in time, the word goes on to those `above`.

    `user` is the account with which they sign in to the customer's own page.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="contacts")
    above = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE, related_name="below")
    name = models.CharField(max_length=120)
    email = models.EmailField()
    function = models.CharField(max_length=60, blank=True, help_text="such as data protection officer")
    wait_hours = models.PositiveIntegerField(default=24, help_text="how long a receipt is waited for")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="contacts"
    )
    until = models.DateField(null=True, blank=True, help_text="the first day they are no contact any more")

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["customer", "email"], name="one_contact_per_address")]

    def __str__(self) -> str:
        return self.name


class ContractPromise(models.Model):
    """What the provider promised by contract, to one customer or (none named) to all, and when it is in force.

    `name` is one of the promises Demur knows how to keep (words.toml); half-open: `until` is the first day without.
    """

    customer = models.ForeignKey(Customer, null=True, blank=True, on_delete=models.CASCADE, related_name="promises")
    name = models.CharField(max_length=60)
    source = models.CharField(max_length=200, help_text="the contract and its clause")
    since = models.DateField()
    until = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["since", "pk"]

    def __str__(self) -> str:
        return self.name


class Authority(models.Model):
    """An authority that may write: its names, addresses, what it may issue, and the number to call back.

    The call-back number comes from a source of its own, never from a letter. `kinds` are values of the fact `kind`;
    empty where nobody looked them up yet.
    """

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    other_names = models.JSONField(default=list, blank=True)
    country = models.CharField(max_length=2)
    body = models.CharField(max_length=40, blank=True, help_text="a value of the fact issuer_role")
    addresses = models.JSONField(default=list, blank=True)
    domains = models.JSONField(default=list, blank=True, help_text="mail domains it writes from")
    call_back = models.JSONField(default=list, blank=True, help_text="numbers to call, international form")
    kinds = models.JSONField(default=list, blank=True)
    source = models.CharField(max_length=300, blank=True, help_text="where these were looked up")
    checked_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["country", "name"]
        verbose_name_plural = "authorities"

    def __str__(self) -> str:
        return self.name


class RegisterChange(models.Model):
    """One entry of a register as it was made or changed: the whole record, who did it, and its ledger entry.

    `register` is customer, authority or promises (those made to all); the entry commits to the record's SHA-256.
    """

    register = models.CharField(max_length=20)
    slug = models.CharField(max_length=60, blank=True)
    at = models.DateTimeField()
    person = models.CharField(max_length=64)
    record = models.JSONField()
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="register_change")

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["register", "slug"], name="changes_of_an_entry")]

    def __str__(self) -> str:
        return f"{self.register} {self.slug}"
