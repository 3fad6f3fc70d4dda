"""A person at a browser without JavaScript: follows redirects, keeps cookies, fills in forms."""

import re
from html import unescape
from urllib.parse import urljoin, urlsplit

from host import CALLBACK, EMAIL, PASSWORD, web


class Person:
    def __init__(self, ca):
        self.browser = web(ca)

    def go(self, url, stop_at=CALLBACK, remember=False):
        """Answers whatever is asked on the way; where the browser is sent in the end, or the page that it shows."""
        shown = self.follow("GET", url, None, stop_at)
        if 'type="password"' in text_of(shown):
            shown = self.submit(shown, {"email": EMAIL, "password": PASSWORD}, stop_at)
        if 'id="consent-allow"' in text_of(shown):
            yes = {"decision": "allow", **({"remember": "on"} if remember else {})}
            shown = self.submit(shown, yes, stop_at)
        return shown

    def submit(self, page, fields, stop_at=CALLBACK):
        action = re.search(r'<form[^>]*\baction="([^"]*)"', page.text)
        form = {}
        for hidden in re.findall(r'<input[^>]*type="hidden"[^>]*>', page.text):
            name, value = (re.search(rf'\b{part}="([^"]*)"', hidden) for part in ("name", "value"))
            form[unescape(name[1])] = unescape(value[1]) if value else ""
        url = urljoin(page.url, unescape(action[1])) if action else page.url
        return self.follow("POST", url, {**form, **fields}, stop_at)

    def follow(self, method, url, form, stop_at=CALLBACK):
        for _ in range(10):
            if url.startswith(stop_at):
                return url
            # As every browser says it of a form of the page's own.
            said = {"Origin": "{0.scheme}://{0.netloc}".format(urlsplit(url))} if method == "POST" else {}
            answer = self.browser.request(method, url, data=form, headers=said, allow_redirects=False, timeout=60)
            if "location" not in answer.headers:
                return answer
            method, url, form = "GET", urljoin(url, answer.headers["location"]), None
        raise RuntimeError("too many redirects")


def text_of(shown):
    return "" if isinstance(shown, str) else shown.text
