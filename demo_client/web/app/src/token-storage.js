// Keeps tokens for as long as the page is open. Amplify's own choice, localStorage, would outlive the demo.
export class Memory {
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
