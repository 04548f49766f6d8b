"""The paths with their methods: read the request, call one function, respond.

API Gateway has matched the path already, so a table is enough.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from passcode.hosted import pages, responses
from passcode.hosted.oidc import AuthorizationError, InvalidRedirect, discovery, response_url
from passcode.hosted.pages import Brand, PageView
from passcode.hosted.provider import Provider, TokenError
from passcode.hosted.requests import bearer_of, cookie_of, form_of, language_of
from passcode.hosted.responses import HttpResponse, PageResponses
from passcode.hosted.sign_in_page import BAD_LINK, NO_SIGN_IN, OTHER_WINDOW, Redirect, SignInPage
from passcode.hosted.state import version_of
from passcode.texts.catalogue import locale_for_header
from passcode.token_service.telemetry import Telemetry

Event = dict[str, Any]


@dataclass(frozen=True)
class HostedRoutes:
    """The functions behind the paths. `logo` is a picture and its media type.

    `default_locale` is the locale of a page for a browser whose languages have no catalogue.
    """

    page: SignInPage
    provider: Provider
    key_set: Callable[[], Mapping[str, Any]]
    brand: Brand
    logo: tuple[bytes, str] | None
    page_responses: PageResponses
    issuer: str
    telemetry: Telemetry
    default_locale: str = "en"

    def respond(self, event: Event) -> HttpResponse:
        """Return the response to one proxy event of a REST API. Raises nothing."""
        try:
            route = _ROUTES.get((event["httpMethod"], event["resource"]))
            return route(self, event, int(time.time())) if route else self._show(NO_SIGN_IN, event, 404)
        except Exception as error:
            # The log distinguishes an unavailable dependency from a bug. The response does not.
            self.telemetry.failed("failed", error)
            return responses.unavailable()
        finally:
            self.telemetry.set_context()

    def _authorize(self, event: Event, now: int) -> HttpResponse:
        query = event.get("multiValueQueryStringParameters") or {}
        try:
            cookie = self.page.begin(query, now)
        except InvalidRedirect:
            self.telemetry.count("refused", reason="bad_link")
            return self._show(BAD_LINK, event, 400)
        except AuthorizationError as invalid:
            self.telemetry.count("refused", reason=invalid.error)
            return self.page_responses.redirect_to_client(
                response_url(invalid.redirect_uri, invalid.state, self.issuer, error=invalid.error)
            )
        self.telemetry.count("started")
        return self.page_responses.redirect_to_page(cookie)

    def _page(self, event: Event, now: int) -> HttpResponse:
        view = self.page.view(cookie_of(event), now)
        return self._show(view, event, 400 if view is NO_SIGN_IN else 200)

    def _submit(self, event: Event, now: int) -> HttpResponse:
        cookie = cookie_of(event)
        try:
            form = form_of(event)
        except ValueError:
            return self._show(NO_SIGN_IN, event, 400)
        if cookie is None:
            return self._show(NO_SIGN_IN, event, 400)
        version = version_of(cookie, form.get("csrf", ""))
        if version is None:
            # Another window started a newer sign-in, or another site sent this form. The page explains it.
            return self._show(OTHER_WINDOW, event, 403)
        # If the browser asks for no language with a catalogue, the user's attribute decides, not our default.
        locale = locale_for_header(language_of(event), default="")
        result = self.page.submit(cookie, version, form, now, locale)
        if result is None:
            return self._show(NO_SIGN_IN, event, 400)
        return (
            self.page_responses.redirect_to_client(result.url, delete_cookie=True)
            if isinstance(result, Redirect)
            else self.page_responses.redirect_to_page()
        )

    def _token(self, event: Event, now: int) -> HttpResponse:
        try:
            return responses.secret_json(self.provider.exchange(form_of(event), now))
        except ValueError:
            return responses.secret_json({"error": "invalid_request"}, 400)
        except TokenError as error:
            return responses.secret_json({"error": str(error)}, error.status)

    def _user_info(self, event: Event, now: int) -> HttpResponse:
        token = bearer_of(event)
        claims = self.provider.user_info(token, now) if token else None
        return responses.secret_json(claims) if claims else responses.not_authorized(has_token=bool(token))

    def _logout(self, event: Event, now: int) -> HttpResponse:
        # The provider keeps no browser session, so only an open page can be ended.
        cookie = cookie_of(event)
        if cookie is not None:
            self.page.end(cookie, now)
        return self._show(NO_SIGN_IN, event, 200, delete_cookie=True)

    def _asset(self, event: Event, _now: int) -> HttpResponse:
        name = (event.get("pathParameters") or {}).get("name", "")
        content = self.logo if name == "logo" else pages.asset(name, self.brand)
        if content is None:
            return self._show(NO_SIGN_IN, event, 404)
        # During a deployment a new page may reach the old function: caches must not keep that file forever.
        requested = (event.get("queryStringParameters") or {}).get("v")
        is_immutable = name != "logo" and requested == pages.version(name, self.brand)
        return responses.asset(*content, is_immutable=is_immutable)

    def _discovery(self, _event: Event, _now: int) -> HttpResponse:
        return responses.public_json(discovery(self.issuer, self.page.forms.level))

    def _keys(self, _event: Event, _now: int) -> HttpResponse:
        return responses.public_json(dict(self.key_set()))

    def _show(
        self, view: PageView, event: Event, status: int, *, delete_cookie: bool = False
    ) -> HttpResponse:
        locale = locale_for_header(language_of(event), self.default_locale)
        html = pages.render(view, self.brand, locale)
        return self.page_responses.page(html, status, delete_cookie=delete_cookie)


_ROUTES: dict[tuple[str, str], Callable[[HostedRoutes, Event, int], HttpResponse]] = {
    ("GET", "/authorize"): HostedRoutes._authorize,
    ("GET", "/sign-in"): HostedRoutes._page,
    ("POST", "/sign-in"): HostedRoutes._submit,
    ("POST", "/token"): HostedRoutes._token,
    ("GET", "/userinfo"): HostedRoutes._user_info,
    ("POST", "/userinfo"): HostedRoutes._user_info,
    ("GET", "/logout"): HostedRoutes._logout,
    ("GET", "/assets/{name}"): HostedRoutes._asset,
    ("GET", "/.well-known/openid-configuration"): HostedRoutes._discovery,
    ("GET", "/.well-known/jwks.json"): HostedRoutes._keys,
}
