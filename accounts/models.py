"""Who people are, and when and how they signed in."""

from typing import Any, ClassVar, Self

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils.timezone import now
from uuid_utils.compat import uuid7


class UserQuerySet(models.QuerySet["User"]):
    def active(self) -> Self:
        return self.filter(is_active=True)

    def people(self) -> Self:
        """Who may sign in and is no program."""
        return self.active().filter(is_service=False)

    def platform_admins(self) -> Self:
        """Who runs the platform, and so receives system notifications: active staff and superusers."""
        return self.active().filter(models.Q(is_staff=True) | models.Q(is_superuser=True))


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Makes a user who signs in by e-mail. Without a password nobody can sign in as them."""
        user: User = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, **{"is_staff": True, "is_superuser": True} | fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        found: User = self.get(email=(username or "").strip().lower())
        return found


class User(AbstractBaseUser, PermissionsMixin):
    """A person (or a program) that signs in by e-mail."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(max_length=254, unique=True)
    first_name = models.CharField(max_length=150, blank=True)
    last_name = models.CharField(max_length=150, blank=True)
    phone_number = models.CharField(max_length=16, blank=True, help_text="E.164, such as +255754123456.")
    timezone = models.CharField(max_length=64, default="UTC", help_text="IANA name, such as Africa/Dar_es_Salaam.")
    avatar = models.URLField(max_length=500, blank=True)
    bio = models.TextField(max_length=1000, blank=True)
    is_verified = models.BooleanField(default=False)
    phone_verified = models.BooleanField(default=False)
    email_notifications = models.BooleanField(default=True)
    sms_notifications = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    is_service = models.BooleanField(
        default=False, db_default=False, help_text="A program: it is not asked why it never signs in."
    )
    current_tenant_id = models.UUIDField(
        null=True,
        blank=True,
        editable=False,
        help_text="Whose data this person is looking at. A bare id, because tenants stand above accounts; "
        "tenants.services keeps it true.",
    )
    last_seen_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        constraints: ClassVar = [
            # used by sign-in; e-mails are stored lower-case, and this holds also for whoever forgets it
            models.UniqueConstraint(Lower("email"), name="user_email_once"),
        ]
        indexes: ClassVar = [
            # used by every announcement to the platform's admins
            models.Index(
                fields=["id"],
                name="user_platform_admins",
                condition=models.Q(is_active=True) & (models.Q(is_staff=True) | models.Q(is_superuser=True)),
            ),
            # used by the User Activity check: the few that are programs
            models.Index(fields=["id"], name="user_service", condition=models.Q(is_service=True)),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def short_name(self) -> str:
        return self.first_name or self.email.partition("@")[0]

    @property
    def is_platform_admin(self) -> bool:
        return self.is_staff or self.is_superuser


class SignIn(models.Model):
    """One attempt to sign in. A successful one is also the session that its tokens belong to.

    The monitor reads patterns from these rows; `authentication` reads whether the session still stands.
    """

    class Method(models.TextChoices):
        TOKEN = "token", "API token"
        PAGE = "page", "Sign-in page"

    class Outcome(models.TextChoices):
        SUCCESS = "success"
        REFUSED = "refused", "Wrong e-mail or password"
        THROTTLED = "throttled"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="sign_ins")
    email = models.CharField(max_length=254, help_text="As it was typed, lower-case; kept for unknown addresses too.")
    method = models.CharField(max_length=10, choices=Method)
    outcome = models.CharField(max_length=10, choices=Outcome)
    address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=now)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_because = models.CharField(max_length=60, blank=True)

    class Meta:
        indexes: ClassVar = [
            # used by count_sign_ins and the User Activity check: attempts that are not counted yet
            models.Index(fields=["created_at", "outcome"], name="sign_in_recent"),
            # used by the admin's list of one person's sign-ins
            models.Index(fields=["user", "-created_at"], name="sign_in_of_user"),
        ]

    def __str__(self) -> str:
        return f"{self.email} {self.outcome} {self.created_at:%Y-%m-%d %H:%M}"


class SignInCount(models.Model):
    """How many attempts of one outcome there were in one hour (UTC). Only accounts.services.count_sign_ins writes it.

    An hour is counted once it is over, all outcomes together; what is later than the last counted hour is not yet.
    """

    hour = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=SignIn.Outcome)
    attempts = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [
            # used by the User Activity check, and by count_sign_ins: an hour is counted once
            models.UniqueConstraint(fields=["hour", "outcome"], name="sign_in_count_once"),
        ]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H:%M} {self.outcome} {self.attempts}"


class IdempotentReply(models.Model):
    """The reply to a request that carried an Idempotency-Key; given again to whoever repeats it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    body = models.TextField(blank=True)
    created_at = models.DateTimeField(default=now)

    class Meta:
        constraints: ClassVar = [
            # used by idempotency._once: whoever comes second waits here for the first
            models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_once"),
        ]
        indexes: ClassVar = [
            # used by the nightly retention
            models.Index(fields=["created_at"], name="idempotent_reply_age"),
        ]

    def __str__(self) -> str:
        return self.key
