// What has been typed and not yet stored by the portal, kept in this browser so that a reload or a crash loses nothing.
export class Drafts {
  constructor(owner, lab) {
    this.prefix = `draft:${owner}:${lab}:`;
  }

  get(path) {
    try {
      return JSON.parse(localStorage.getItem(this.prefix + path));
    } catch {
      return null;
    }
  }

  /** The files of which something is kept. */
  paths() {
    return Object.keys(localStorage).filter((key) => key.startsWith(this.prefix)).map((key) => key.slice(this.prefix.length));
  }

  /** False when the browser keeps nothing (storage full or blocked). */
  put(path, text, base) {
    try {
      localStorage.setItem(this.prefix + path, JSON.stringify({ text, base, at: Date.now() }));
      return true;
    } catch {
      return false;
    }
  }

  drop(path) {
    try {
      localStorage.removeItem(this.prefix + path);
    } catch {
      // Blocked storage held nothing either.
    }
  }
}
