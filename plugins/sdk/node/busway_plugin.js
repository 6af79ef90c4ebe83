'use strict';
/**
 * Steps for Busway in JavaScript: what the bus starts as a process of its own and sends messages to.
 *
 *     const busway = require('./busway_plugin.js');
 *
 *     const plugin = new busway.Plugin();
 *     plugin.step('greet', async (message) => {
 *       if (typeof message.body !== 'object') throw new busway.Failed('invalid', 'greeting: the body is no object');
 *       return { body: { ...message.body, greeting: `Hello, ${message.settings.name}` } };
 *     });
 *     plugin.run();
 *
 * What a step is called in route files, its keys and what of a message it is sent stand in the plugin.yaml beside the program. This
 * file speaks version 1 of the plugin protocol (docs/plugin-protocol.md). It needs Node 18 and `npm install zeromq@6`.
 *
 * Steps run on Node's one thread: what computes long keeps the heartbeats from being answered, and belongs in a worker thread. An error
 * that is not `Failed` fails the message (kind `internal`), and its stack goes to the bus's log. Numbers are JavaScript's.
 *
 * @typedef {object} Message
 * @property {any} body the document, a Buffer where the step declares `body: bytes`, undefined when there is none
 * @property {Record<string, any>} settings the step's keys; durations are milliseconds, sizes bytes
 * @property {Record<string, any>} headers those header fields that the manifest asks for, in lower case
 * @property {Record<string, any>} variables those variables that the manifest asks for
 * @property {Record<string, any>} about message (its id), route, method, target, operation, content_type, attempt
 * @property {number} deadline when nobody waits any more, by Date.now()
 * @property {AbortSignal} signal aborted when nobody waits any more
 *
 * @typedef {object} Reply
 * @property {any} [body] the new body; without it the message's body stays
 * @property {Record<string, any>} [variables] variables to set
 * @property {Record<string, string|null>} [headers] header fields to set, or to remove where they are null
 * @property {boolean} [filtered] the message ends here, and that is right
 *
 * @typedef {(message: Message) => Reply | void | Promise<Reply | void>} Handler
 */

const PROTOCOL = 1;
const MOST_PAYLOAD = 256 * 1024;
const MOST_HEAD = 63 * 1024; // and what is added to it
const KINDS = ['invalid', 'mapping', 'format', 'garbage', 'not_sent', 'unknown', 'answered', 'overload', 'deadline', 'internal'];
const ABOUT = ['message', 'route', 'method', 'target', 'operation', 'content_type', 'attempt'];

/** Fails the message. `kind` is one of KINDS (docs/errors.md); `text` says what was being done, for the log. */
class Failed extends Error {
  constructor(kind, text, code = '') {
    super(text);
    if (!KINDS.includes(kind)) throw new TypeError(`'${kind}' is no kind of failure; there are ${KINDS.join(', ')}`);
    this.kind = kind;
    this.code = code;
  }
}

/** The settings of a use cannot be worked with: thrown by a step's `make`. `key` is the key at fault. */
class Refused extends Error {
  constructor(key, text) {
    super(text);
    this.key = key;
  }
}

/** The steps of one process, and its conversation with the bus. */
class Plugin {
  #steps = new Map();
  #handlers = new Map();
  #settings = new Map();
  #arriving = new Map();
  #cancels = new Map();
  #outgoing = [];
  #sending = false;
  #socket;

  /**
   * Declares what does the step: a function of a message, or `{ make(settings) }`, which gives such a function for each use.
   * @param {string} name
   * @param {Handler | { make(settings: Record<string, any>): Handler }} what
   */
  step(name, what) {
    this.#steps.set(name, what);
    return this;
  }

  /** A line in the bus's log: debug, info, warn or error. The bus writes ten a second. */
  log(text, level = 'info') {
    if (this.#socket) this.#say({ type: 'log', level, text: String(text).slice(0, 2000) });
    else console.error(`${level}: ${text}`);
  }

  /** Serves the bus until it says that it is over. `concurrency` messages are in hand at a time. */
  async run({ concurrency = 16 } = {}) {
    if (!process.env.BUSWAY_ENDPOINT) {
      console.error('This program is a plugin: busway starts it, as the plugin.yaml beside it says.');
      process.exit(1);
    }
    const { Dealer } = require('zeromq'); // here, so that tests of steps need nothing but Node
    this.#socket = new Dealer({ linger: 500, reconnectInterval: -1 });
    this.#socket.connect(process.env.BUSWAY_ENDPOINT);
    this.#say({ type: 'hello', protocol: PROTOCOL, cookie: process.env.BUSWAY_COOKIE, sdk: 'node' });
    let silence = 10000;
    let heard = Date.now();
    setInterval(() => {
      if (Date.now() - heard > silence) process.exit(1); // the bus is gone
    }, 1000).unref();
    for await (const [head, payload] of this.#socket) {
      heard = Date.now();
      const message = JSON.parse(head.toString());
      if (message.type === 'welcome') {
        silence = message.silence_ms;
        this.#say({ type: 'ready', credit: concurrency });
      } else if (message.type === 'bye') {
        process.exit(0);
      } else {
        this.#take(message, payload);
      }
    }
  }

  #take(head, payload) {
    switch (head.type) {
      case 'request':
        this.#cancels.set(head.id, new AbortController());
        head.deadline = Date.now() + head.deadline_ms;
        if (head.more) this.#arriving.set(head.id, { head, pieces: [payload] });
        else this.#work(head, payload);
        break;
      case 'chunk': {
        const arriving = this.#arriving.get(head.id);
        if (!arriving) break;
        arriving.pieces.push(payload);
        if (head.more) break;
        this.#arriving.delete(head.id);
        this.#work(arriving.head, Buffer.concat(arriving.pieces));
        break;
      }
      case 'cancel':
        if (this.#arriving.delete(head.id)) this.#answer(head.id, { type: 'fail', kind: 'deadline', text: 'cancelled before it was whole' });
        else this.#cancels.get(head.id)?.abort();
        break;
      case 'use':
        this.#make(head);
        break;
      case 'ping':
        this.#say({ type: 'pong' });
        break;
      default: // a later version's, which may be skipped
    }
  }

  #make({ use, step, settings }) {
    try {
      const what = this.#steps.get(step);
      if (!what) throw new Refused('', `the program has no step '${step}'`);
      this.#handlers.set(use, typeof what === 'function' ? what : what.make(settings));
      this.#settings.set(use, settings);
    } catch (error) {
      this.#say({ type: 'refuse', use, key: error instanceof Refused ? error.key : '', text: error.message });
    }
  }

  async #work(head, payload) {
    try {
      const handler = this.#handlers.get(head.use);
      if (!handler) throw new Failed('internal', 'the settings of this step were refused');
      const about = Object.fromEntries(ABOUT.filter((name) => name in head).map((name) => [name, head[name]]));
      const reply = (await handler({
        body: head.body === 'document' ? JSON.parse(payload.toString()) : payload,
        settings: this.#settings.get(head.use),
        headers: head.headers ?? {},
        variables: head.variables ?? {},
        about,
        deadline: head.deadline,
        signal: this.#cancels.get(head.id).signal,
      })) ?? {};
      const answer = { type: 'reply', flow: reply.filtered ? 'filtered' : 'next' };
      if (reply.variables) answer.variables = reply.variables;
      if (reply.headers) answer.headers = reply.headers;
      const body = reply.body === undefined ? undefined : Buffer.from(JSON.stringify(reply.body));
      if (body) answer.body = 'document';
      if (Buffer.byteLength(JSON.stringify(answer)) > MOST_HEAD)
        throw new Failed('internal', 'answering: the variables and header fields are larger than 63KiB');
      this.#answer(head.id, answer, body);
    } catch (error) {
      if (!(error instanceof Failed)) this.log(String(error?.stack ?? error).replaceAll('\n', ' | '), 'error');
      const { kind, code } = error instanceof Failed ? error : { kind: 'internal', code: '' };
      this.#answer(head.id, { type: 'fail', kind, code, text: String(error?.message ?? error).slice(0, 1000) });
    }
  }

  #answer(id, answer, body) {
    this.#cancels.delete(id);
    this.#say({ ...answer, id, ...(body && { more: body.length > MOST_PAYLOAD }) }, body?.subarray(0, MOST_PAYLOAD));
    for (let at = MOST_PAYLOAD; body && at < body.length; at += MOST_PAYLOAD)
      this.#say({ type: 'chunk', id, more: at + MOST_PAYLOAD < body.length }, body.subarray(at, at + MOST_PAYLOAD));
  }

  // One send at a time, in order: what the socket asks for.
  async #say(head, payload) {
    this.#outgoing.push(payload === undefined ? [JSON.stringify(head)] : [JSON.stringify(head), payload]);
    if (this.#sending) return;
    this.#sending = true;
    while (this.#outgoing.length > 0) await this.#socket.send(this.#outgoing.shift());
    this.#sending = false;
  }
}

module.exports = { Plugin, Failed, Refused, KINDS };
