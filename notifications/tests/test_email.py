"""Mail, at a real mail server that is slow, refuses and hangs up."""

import email.policy
import time
from email import message_from_string

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from notifications import letters, unsubscribing
from notifications.channels import email as channel
from notifications.channels.base import Refused
from notifications.kinds import KINDS, ProblemOpened, ProblemReported
from notifications.models import ChannelChoice, Delivery
from notifications.models.priority import Priority
from notifications.tests.delivering import deliver, mail, only
from notifications.tests.helpers import problem, resolve, see, tell
from notifications.tests.mailserver import MailServer
from notifications.tests.test_announcements import people

__all__ = ["mail"]


def states() -> list[tuple[str, str]]:
    rows = Delivery.objects.filter(channel="email").order_by("id")
    return list(rows.values_list("state", "reason"))


def test_a_person_gets_text_and_html_that_say_the_same(mail: MailServer, member: User) -> None:
    tell(member, "Pages are slow & old", message="Ten <seconds> each.\nLook at the log.")
    assert deliver() == {"accepted": 1}
    (taken,) = mail.taken
    assert (taken.sender, taken.recipient) == ("alerts@bellwether.test", member.email)
    assert taken.message["Subject"] == "Pages are slow & old"
    assert taken.message["Auto-Submitted"] == "auto-generated"
    text, page = taken.part("plain"), taken.part("html")
    assert "Ten <seconds> each." in text
    assert "Ten &lt;seconds&gt; each." in page
    assert "Why you get this: E-mail for other news: at once, as it is built in." in text
    assert "Why you get this: E-mail for other news: at once, as it is built in." in page
    assert taken.delivery_id == str(only().pk)
    assert taken.message["Message-ID"] == only().reference == f"<{only().pk}@bellwether.test>"


def test_a_batch_goes_over_one_connection(mail: MailServer, admin: User) -> None:
    people(19)
    for person in User.objects.all():
        tell(person)
    assert deliver() == {"accepted": 20}
    assert (mail.connections, len(mail.taken)) == (1, 20)


def test_what_is_told_of_one_incident_is_one_thread_for_each_reader(
    mail: MailServer, admin: User, staff: User
) -> None:
    incident = see(problem())
    deliver()
    see(problem(Priority.HIGH))
    resolve(incident)
    deliver()
    for person in (admin, staff):
        first, *later = [one.message for one in mail.taken if one.recipient == person.email]
        assert first["In-Reply-To"] is None
        assert {one["In-Reply-To"] for one in later} == {one["References"] for one in later} == {first["Message-ID"]}
        assert len(later) == 2
    assert len({one.message["Message-ID"] for one in mail.taken}) == 6


@pytest.mark.parametrize(
    ("answer", "state", "outcome"),
    [("550 no such mailbox", "dead", "refused"), ("451 try later", "waiting", "try_again")],
)
def test_a_mailbox_that_is_refused_is_no_reason_not_to_reach_the_next(
    mail: MailServer, admin: User, member: User, answer: str, state: str, outcome: str
) -> None:
    tell(admin)
    tell(member)
    mail.refuse[admin.email] = answer
    assert deliver() == {outcome: 1, "accepted": 1}
    assert states() == [(state, f"The mail server refuses this mailbox: {answer}"), ("sent", "")]
    assert mail.connections == 1


@pytest.mark.parametrize(("answer", "state"), [("554 spam", "dead"), ("452 full", "waiting")])
def test_a_message_that_is_refused(mail: MailServer, member: User, answer: str, state: str) -> None:
    tell(member)
    mail.refuse_message = answer
    deliver()
    assert states() == [(state, f"The mail server refuses the message: {answer}")]


def test_a_sender_that_is_refused_is_our_fault_and_waits_for_us(mail: MailServer, member: User) -> None:
    tell(member)
    mail.refuse_sender = "550 who are you"
    assert deliver() == {"try_again": 1}
    mail.refuse_sender = ""
    Delivery.objects.filter(channel="email").update(due_at=only().created_at)
    assert deliver() == {"accepted": 1}


def test_a_connection_lost_in_a_message_is_uncertain_and_opened_again_for_the_next(
    mail: MailServer, admin: User, member: User
) -> None:
    tell(admin)
    tell(member)
    mail.hang_up_in_data = 1
    assert deliver() == {"unknown": 1, "accepted": 1}
    assert [state for state, _ in states()] == ["waiting", "sent"]
    assert mail.connections == 2


def test_the_next_one_may_find_that_the_server_has_gone_and_surely_did_not_arrive(
    mail: MailServer, admin: User, member: User
) -> None:
    tell(admin)
    tell(member)
    mail.hang_up_in_data = mail.most_connections = 1
    assert deliver() == {"unknown": 1, "try_again": 1}
    assert states()[1] == ("waiting", "The mail server cannot be reached (421 too busy).")


def test_an_answer_that_is_lost_gets_the_same_message_again(mail: MailServer, member: User) -> None:
    tell(member)
    mail.hang_up_after_data = 1
    assert deliver() == {"unknown": 1}
    Delivery.objects.filter(channel="email").update(due_at=only().created_at)
    assert deliver() == {"accepted": 1}
    assert len({(one.delivery_id, one.message["Message-ID"]) for one in mail.taken}) == 1
    assert len(mail.taken) == 2
    assert [one.outcome for one in only().tries.order_by("id")] == ["unknown", "accepted"]


def test_a_slow_server_costs_its_time_limit_and_no_more(mail: MailServer, member: User, settings: Settings) -> None:
    tell(member)
    settings.EMAIL_TIMEOUT = 0.3
    mail.seconds = 30
    started = time.monotonic()
    assert deliver() == {"unknown": 1}
    assert time.monotonic() - started < 20
    assert "lost while it was told" in only().reason


def test_a_server_that_is_away_is_tried_for_one_batch_and_not_for_all(
    mail: MailServer, admin: User, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel.Email, "batch", 5)
    people(19)
    for person in User.objects.all():
        tell(person)
    settings.EMAIL_PORT = 1
    assert deliver() == {"try_again": 5}
    assert sorted(state for state, _ in states()) == ["waiting"] * 20
    assert "cannot be reached" in Delivery.objects.filter(attempts=1).values_list("reason", flat=True)[0]


@pytest.mark.parametrize(
    "address",
    [
        "a@b.test\nBcc: everybody@acme.test",
        "a@b.test\r\nSubject: Buy",
        "a b@c.test",
        "<a@b.test>",
        "a@b.test, c@d.test",
        "nobody",
        "",
        "zoë@acme.test",
        "a\0@b.test",
    ],
)
def test_what_is_no_mailbox_is_refused_before_anybody_is_called(mail: MailServer, member: User, address: str) -> None:
    tell(member)
    with pytest.raises(Refused):
        channel.require_mailbox(address)
    if "\0" not in address:
        User.objects.filter(pk=member.pk).update(email=address)
        assert deliver() == {"refused": 1}
        assert (only().state, len(only().reason) > 10, mail.taken) == ("dead", True, [])


def test_a_domain_of_any_script_is_reached(mail: MailServer, member: User) -> None:
    User.objects.filter(pk=member.pk).update(email="amina@пример.test")
    tell(member)
    assert deliver() == {"accepted": 1}
    assert mail.taken[0].recipient == "amina@xn--e1afmkfd.test"


def test_a_title_cannot_add_headers(mail: MailServer, member: User) -> None:
    tell(member, "Hello\r\nBcc: everybody@acme.test\n\nand\x07 more")
    assert deliver() == {"accepted": 1}
    assert mail.taken[0].message["Subject"] == "Hello Bcc: everybody@acme.test and more"
    assert mail.taken[0].message["Bcc"] is None


def test_who_was_deactivated_is_written_to_no_more(mail: MailServer, member: User) -> None:
    tell(member)
    User.objects.filter(pk=member.pk).update(is_active=False)
    assert deliver() == {"refused": 1}
    assert not mail.taken


def test_one_click_ends_mail_of_the_category_and_of_no_other(
    mail: MailServer, member: User, admin: User, client: Client
) -> None:
    tell(member)
    deliver()
    message = mail.taken[0].message
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = message["List-Unsubscribe"].strip(" <>").removeprefix("http://127.0.0.1:8000")
    strict = Client(enforce_csrf_checks=True)
    for _ in range(2):
        assert strict.get(path).status_code == 200
    assert not ChannelChoice.objects.exists()  # looking at a link ends nothing
    for _ in range(2):
        assert strict.post(path, "List-Unsubscribe=One-Click", "application/x-www-form-urlencoded").status_code == 200
    choice = ChannelChoice.objects.get()
    assert (choice.user, choice.tenant, choice.category, choice.channel, choice.when) == (
        member,
        None,
        "info",
        "email",
        "off",
    )
    page = client.get(path).content.decode()
    assert member.email in page


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["x", "WyJhIl0:1abc:def"])
def test_a_link_that_was_not_made_here_ends_nothing(token: str, client: Client) -> None:
    assert client.post(f"/unsubscribe/{token}/").status_code == 404
    assert not ChannelChoice.objects.exists()


def test_a_link_holds_for_its_own_category_only(member: User, client: Client) -> None:
    path = unsubscribing.link(user_id=member.pk, category="billing").removeprefix("http://127.0.0.1:8000")
    changed = path[:-3] + ("a/" if path[-2] != "a" else "b/")
    assert [client.get(one).status_code for one in (path, changed)] == [200, 404]
    member.delete()
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.slug)
def test_every_kind_has_a_letter(kind: type[ProblemOpened]) -> None:
    title, message = kind.write(kind.variables)
    content = {"kind": kind.slug, "category": kind.notification_type.value, "priority": "high", "title": title}
    content |= {"message": message, "action_url": "/credits/", "action_text": "Top up"}
    letter = letters.write(content, rule="A rule.", stop="https://x.test/unsubscribe/t/")
    for form in (letter.text, letter.html):
        assert "http://127.0.0.1:8000/credits/" in form
        assert "https://x.test/unsubscribe/t/" in form
        assert "A rule." in form
        assert title in form
        assert "{%" not in form
        assert "{{" not in form
    assert "<" not in letter.text
    assert "color-scheme" in letter.html


def test_a_kind_without_a_letter_of_its_own_has_the_default_one() -> None:
    content = {"kind": "unheard_of", "category": "info", "priority": "low", "title": "T", "message": "M"}
    assert "[Low] T" in letters.write(content).text


def test_a_letter_is_one_that_mail_programs_can_read() -> None:
    title, message = ProblemReported.write(ProblemReported.variables)
    content = {"kind": "problem_reported", "category": "system", "priority": "critical"}
    letter = letters.write(content | {"title": title, "message": message})
    parsed = message_from_string(f"Subject: {letter.subject}\n\n{letter.text}", policy=email.policy.default)
    assert parsed["Subject"] == title
    assert not parsed.defects
