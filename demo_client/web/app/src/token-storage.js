// Keeps tokens in memory while the page is open. Amplify's default, localStorage, would keep them after the demo.
export class TokenStorage {
  #items = new Map();

  async setItem(key, value) {
    this.#items.set(key, value);
  }

  async getItem(key) {
    return this.#items.get(key) ?? null;
  }

  async removeItem(key) {
    this.#items.delete(key);
  }

  async clear() {
    this.#items.clear();
  }
}
