"""The size of an SMS, for tests of several messages."""


def parts(text: str) -> int:
    """The number of SMS for a text: 160 or 153 septets in GSM-7, else 70 or 67 units of UCS-2."""
    gsm = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ÄÖÑÜ§¿äöñüà"
    letters, twice = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "^{}\\[~]|€"
    if all(character in gsm + letters + twice for character in text):
        size, one, more = len(text) + sum(character in twice for character in text), 160, 153
    else:
        size, one, more = len(text.encode("utf-16-le")) // 2, 70, 67
    return 1 if size <= one else -(-size // more)
