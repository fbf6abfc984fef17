"""E-mail, where the operator set it up (DEMUR_MAIL_FROM and DEMUR_MAIL_HOST); nothing goes out otherwise.

What a message says of a case is decided by whoever calls; here is only how it is sent.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.core.mail import EmailMessage

from .words import words


def configured() -> bool:
    """Whether the operator lets the program send e-mail."""
    return bool(settings.MAIL_FROM)


def send(to: Sequence[str], kind: str, key: str, files: Sequence[tuple[str, bytes, str]] = (), **said: str) -> str:
    """Send the message of this kind (words.toml, `mail`) and give its Message-ID.

    The id is made of `key`: a message that is sent again after a crash has the same one, and a mailbox shows it once.
    Raises OSError (SMTPException among them) where it cannot be sent.
    """
    said = {"provider": settings.PROVIDER, **said}
    text = words()["mail"][kind]
    at = settings.MAIL_FROM.rpartition("@")[2].strip("> ")
    message_id = f"<{key}@{at}>"
    message = EmailMessage(
        subject=text["subject"].format(**said),
        body=text["text"].format(**said),
        from_email=settings.MAIL_FROM,
        to=list(to),
        headers={"Message-ID": message_id, "Auto-Submitted": "auto-generated"},
    )
    for name, content, media_type in files:
        message.attach(name, content, media_type)
    message.send()
    return message_id
