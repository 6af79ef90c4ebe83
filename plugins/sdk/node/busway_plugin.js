'use strict';
/**
 * Steps and adapters for Busway in JavaScript: what the bus starts as a process of its own and exchanges messages with.
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
 * An adapter has a target, which is called as a service is, a source, which brings messages in, or both:
 *
 *     plugin.target('desk', async (request) => ({ body: await askTheDesk(request.about.endpoint, request.body) }));
 *     plugin.source('desk', (settings) => ({
 *       async listen(inlet) {
 *         inlet.listening(settings.path);
 *         for await (const message of somewhere(settings.path, { signal: inlet.signal })) await inlet.emit(message); // waits for its route
 *       },
 *     }));
 *
 * What a component is called in route files, its keys and what of a message it is sent stand in the plugin.yaml beside the program. This
 * file speaks version 1 of the plugin protocol (docs/plugin-protocol.md). It needs Node 18 and `npm install zeromq@6`.
 *
 * Steps run on Node's one thread: what computes long keeps the heartbeats from being answered, and belongs in a worker thread. An error
 * that is not `Failed` fails the message (kind `internal`), and its stack goes to the bus's log; so does a step or a target that gives
 * what is no Reply or Answer. Numbers are JavaScript's.
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
 * @typedef {object} Answer
 * @property {any} [body] a Buffer, a text, or what goes as JSON
 * @property {string} [contentType]
 * @property {number} [status] 400 and more says no, as HTTP's does
 * @property {Record<string, string>} [headers]
 *
 * @typedef {object} Outcome how a message that a source has brought has ended: its acknowledgement
 * @property {'made'|'filtered'|'failed'} outcome
 * @property {Buffer} body the reply; of a failure what the route's `error:` makes of it
 * @property {string} [kind] of a failure: docs/errors.md; `not_sent` came too late, the bus is stopping
 * @property {number} [status]
 * @property {string} [reason]
 * @property {string} [content_type]
 * @property {Record<string, any>} [headers]
 *
 * @typedef {(request: Message) => Answer | Buffer | string | void | Promise<Answer | Buffer | string | void>} Caller `about` has `endpoint`, too
 * @typedef {{ listen(inlet: Inlet): void | Promise<void>, stop?(): void }} Source
 * @typedef {(message: Message) => Reply | void | Promise<Reply | void>} Handler
 */

const PROTOCOL = 1;
const MOST_PAYLOAD = 256 * 1024;
const MOST_HEAD = 63 * 1024; // and what is added to it
const KINDS = ['invalid', 'mapping', 'format', 'garbage', 'not_sent', 'unknown', 'answered', 'overload', 'deadline', 'internal'];
const ABOUT = ['message', 'route', 'method', 'target', 'operation', 'content_type', 'attempt', 'endpoint'];
const MOST_TEXT = 2000; // bytes of a line of the bus's log
const LISTENS_WITHIN = 5000; // a source, or it is reminded
const REPLY = ['body', 'variables', 'headers', 'filtered'];
const ANSWER = ['body', 'contentType', 'status', 'headers'];
const OUTCOME = ['outcome', 'kind', 'status', 'reason', 'content_type', 'headers'];

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

/** The bus takes no more messages: what was not taken stays where it is. A source's `listen` need not catch it. */
class Stopped extends Error {}

/** Where a source's messages go. */
class Inlet {
  #bring;
  #say;
  #waiting = [];
  #idle = [];
  #credit = 0;
  #inFlight = 0;
  #stop = new AbortController();

  constructor(head, routes, say, bring) {
    /** What the listener is called in the route file. */
    this.name = head.name;
    this.maxBody = head.max_body;
    /** Of adapters that pick routes: `{ name, settings, use }` of each `from:`. */
    this.routes = routes;
    this.use = head.use;
    this.listened = false;
    this.#say = say;
    this.#bring = bring;
  }

  /** Aborted when the bus takes no more messages. */
  get signal() {
    return this.#stop.signal;
  }

  /** It listens: messages may be brought as soon as the bus has room. `address` is for people. */
  listening(address = '') {
    this.listened = true;
    this.#say({ type: 'listening', use: this.use, address });
  }

  /**
   * Brings a message, as soon as there is room for it, and gives its outcome when its route has ended. Rejects with Stopped when the bus
   * takes no more.
   * @param {Buffer | string} body
   * @param {{ contentType?: string, headers?: Record<string, string>, peer?: string, method?: string, target?: string, operation?: string,
   *           route?: { use: number }, deadlineMs?: number, reply?: boolean }} [about]
   * @returns {Promise<Outcome>}
   */
  async emit(body, { contentType, route, deadlineMs, ...about } = {}) {
    if (typeof body !== 'string' && !(body instanceof Uint8Array))
      throw new TypeError(`a source brings a Buffer or a text, and this is ${nameOf(body)}; JSON.stringify() makes JSON of it`);
    while (this.#inFlight >= this.#credit && !this.signal.aborted) await new Promise((resolve) => this.#waiting.push(resolve));
    if (this.signal.aborted) throw new Stopped('the bus takes no more messages');
    this.#inFlight += 1;
    const head = { type: 'arrival', use: this.use, ...about };
    if (contentType) head.content_type = contentType;
    if (route) head.route = route.use;
    if (deadlineMs) head.deadline_ms = deadlineMs;
    try {
      return await this.#bring(head, Buffer.from(body));
    } finally {
      this.#inFlight -= 1;
      this.#waiting.shift()?.();
      if (this.#inFlight === 0) for (const resolve of this.#idle.splice(0)) resolve();
    }
  }

  /** Fulfilled when nothing is under way. */
  async outcomes() {
    if (this.#inFlight > 0) await new Promise((resolve) => this.#idle.push(resolve));
  }

  grant(credit) {
    this.#credit = credit;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  stop() {
    this.#stop.abort();
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

// As much of a text as there is room for, in whole characters.
function cut(text, most = MOST_TEXT) {
  const bytes = Buffer.from(String(text));
  let end = Math.min(most, bytes.length);
  while (end < bytes.length && (bytes[end] & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
}

// What was thrown, in one line: what it says, and the calls that are nearest to it.
function trace(error) {
  const whole = String(error?.stack ?? error);
  const at = whole.search(/^\s+at /m);
  const calls = at < 0 ? [] : whole.slice(at).split('\n');
  const kept = [cut((at < 0 ? whole : whole.slice(0, at)).trim().replaceAll('\n', ' | '), MOST_TEXT / 2)];
  let room = MOST_TEXT - Buffer.byteLength(kept[0]) - 40;
  while (calls.length > 0 && (room -= Buffer.byteLength(calls[0]) + 3) >= 0) kept.push(calls.shift());
  return [...kept, ...(calls.length > 0 ? [`${calls.length} lines are left out`] : [])].join(' | ');
}

function nameOf(value) {
  if (value === null) return 'null';
  const name = typeof value === 'object' ? (value.constructor?.name ?? 'object') : typeof value;
  return `${/^[aeiou]/i.test(name) ? 'an' : 'a'} ${name}`;
}

// Why this is no Reply or Answer; it must have none but these members.
function wrongIn(given, members, what) {
  if (typeof given !== 'object' || Array.isArray(given)) return `has given ${nameOf(given)}, and gives ${what}`;
  const unknown = Object.keys(given).filter((name) => !members.includes(name));
  if (unknown.length > 0) return `has given an object with '${unknown.slice(0, 3).join("', '")}', and gives ${what}`;
  for (const name of ['variables', 'headers']) {
    const fields = given[name];
    if (fields && (typeof fields !== 'object' || Array.isArray(fields))) return `has given ${name} that are ${nameOf(fields)}, and gives ${what}`;
  }
  const isStatus = given.status === undefined || given.status === null || Number.isInteger(given.status);
  return isStatus ? undefined : `has given a status that is ${nameOf(given.status)}, and gives ${what}`;
}

// The bus is elsewhere: it has not started this process, and does not end it.
const isRemote = () => !process.env.BUSWAY_ENDPOINT.startsWith('ipc:');
const AGAIN = 75; // how the process that works tells its guard that the bus is gone

function socketOptions() {
  const { BUSWAY_SERVER_KEY, BUSWAY_PUBLIC_KEY, BUSWAY_SECRET_KEY } = process.env;
  return {
    linger: 500,
    ipv6: true, // besides IPv4
    reconnectInterval: isRemote() ? 200 : -1, // of a local one another launch is another process
    ...(BUSWAY_SERVER_KEY && { curveServerKey: BUSWAY_SERVER_KEY, curvePublicKey: BUSWAY_PUBLIC_KEY, curveSecretKey: BUSWAY_SECRET_KEY }),
  };
}

// What is wrong with the keys that were given.
function wrongKeys() {
  const names = ['BUSWAY_SERVER_KEY', 'BUSWAY_PUBLIC_KEY', 'BUSWAY_SECRET_KEY'];
  if (names.every((name) => process.env[name] === undefined)) return undefined;
  const missing = names.find((name) => process.env[name] === undefined);
  if (missing) return `${missing} is not set: with CURVE there are ${names.join(', ')}`;
  const wrong = names.find((name) => !/^[0-9a-zA-Z.:+=^!/*?&<>()[\]{}@%$#-]{40}$/.test(process.env[name]));
  return wrong && `${wrong} is no key: it has ${process.env[wrong].length} characters, and a key is 40 of Z85`;
}

function nobodyAnswers() {
  const { BUSWAY_ENDPOINT, BUSWAY_SERVER_KEY } = process.env;
  const why = BUSWAY_SERVER_KEY ? "the server key or the plugin's key is not the one that the bus knows" : 'it wants CURVE keys, and there are none';
  return `no bus answers at ${BUSWAY_ENDPOINT}: it is not running, or ${why}`;
}

// The bus is gone. A local plugin ends; a remote one begins anew, and waits for the bus.
function over(status, reason) {
  if (isRemote()) console.error(`busway_plugin: ${reason}; connecting again`);
  else if (status !== 0) console.error(reason);
  process.exit(isRemote() ? AGAIN : status);
}

// The process that was started keeps one that works, and starts it anew each time the bus was gone.
function guard() {
  const { spawn } = require('child_process');
  let worker;
  const start = () => {
    const stdio = ['inherit', 'inherit', 'inherit', 'ipc']; // the last, so that it ends with its guard
    worker = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], { stdio, env: { ...process.env, BUSWAY_GUARDED: '1' } });
    worker.on('exit', (code) => (code === AGAIN ? setTimeout(start, 1000) : process.exit(code ?? 1)));
  };
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => (worker.kill(signal) ? undefined : process.exit(1)));
  start();
}

/** The components of one process, and its conversation with the bus. */
class Plugin {
  #steps = new Map();
  #targets = new Map();
  #sources = new Map();
  #called = new Map(); // in texts, by use
  #thrown = new Map(); // the last stack of a use that could not be made
  #returned = new Set(); // listeners whose source has ended by itself, and that the bus has not been told of
  #routes = new Map();
  #inlets = new Map();
  #brought = new Map();
  #lastArrival = 0;
  #handlers = new Map();
  #settings = new Map();
  #arriving = new Map();
  #cancels = new Map();
  #ending = [];
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

  /**
   * Declares what calls a service: a function of a request, or `{ make(settings) }`, which gives such a function for each service.
   * @param {string} name
   * @param {Caller | { make(settings: Record<string, any>): Caller }} what
   */
  target(name, what) {
    this.#targets.set(name, what);
    return this;
  }

  /**
   * Declares a source: a function of the settings of a listener that gives `{ listen(inlet), stop() }`. `listen` says `inlet.listening()` and
   * brings messages until `inlet.signal` is aborted; what it throws before it listens is why it cannot, and later ends the process. When its
   * promise is fulfilled before that, the listener is over: nothing can be brought any more, and the bus has another one made a second
   * after what was under way has ended. One that goes on by callbacks gives no promise, or one that lasts as long.
   * @param {string} name
   * @param {(settings: Record<string, any>) => Source} make
   */
  source(name, make) {
    this.#sources.set(name, make);
    return this;
  }

  /** A line in the bus's log: debug, info, warn or error. The bus writes ten a second. */
  log(text, level = 'info') {
    if (this.#socket) this.#say({ type: 'log', level, text: cut(text) });
    else console.error(`${level}: ${text}`);
  }

  /** Serves the bus until it says that it is over. `concurrency` messages are in hand at a time. */
  async run({ concurrency = 16 } = {}) {
    if (!process.env.BUSWAY_ENDPOINT) {
      console.error('This program is a plugin: busway starts it, as the plugin.yaml beside it says.');
      process.exit(1);
    }
    const wrong = wrongKeys();
    if (wrong) {
      console.error(`busway_plugin: ${wrong}`);
      process.exit(1);
    }
    if (isRemote() && !process.env.BUSWAY_GUARDED) return guard();
    process.on('disconnect', () => process.exit(1)); // with the guard
    const { Dealer } = require('zeromq'); // here, so that tests of steps need nothing but Node
    this.#socket = new Dealer(socketOptions());
    this.#socket.connect(process.env.BUSWAY_ENDPOINT);
    this.#say({ type: 'hello', protocol: PROTOCOL, cookie: process.env.BUSWAY_COOKIE ?? '', sdk: 'node' });
    let silence = 10000;
    let welcome = false;
    let heard = Date.now();
    setInterval(() => {
      if (Date.now() - heard > silence) over(1, welcome ? 'the bus is gone' : nobodyAnswers());
    }, 1000).unref();
    for await (const [head, payload] of this.#socket) {
      heard = Date.now();
      const message = JSON.parse(head.toString());
      if (message.type === 'welcome') {
        welcome = true;
        silence = message.silence_ms;
        this.#say({ type: 'ready', credit: concurrency });
      } else if (message.type === 'bye') {
        await this.#endSources();
        over(0, message.reason ?? 'the bus says goodbye');
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
      case 'outcome':
        this.#brought.get(head.arrival)?.pieces.push(payload ?? Buffer.alloc(0));
        this.#takeOutcome(head, head);
        break;
      case 'credit':
        this.#inlets.get(head.use)?.inlet.grant(head.credit);
        break;
      case 'stop_listening':
      case 'drop':
        this.#end(head.use, head.type === 'drop');
        break;
      case 'chunk': {
        if ('arrival' in head) {
          this.#brought.get(head.arrival)?.pieces.push(payload);
          this.#takeOutcome(head);
          break;
        }
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

  #make(head) {
    const { use, settings } = head;
    if (head.part === 'from') {
      this.#routes.set(use, { name: head.name, settings, use });
      return;
    }
    const isSource = head.part === 'listener';
    const [all, kind, name] = 'step' in head ? [this.#steps, 'step', head.step] : [isSource ? this.#sources : this.#targets, isSource ? 'source' : 'target', head.adapter];
    const called = `the ${kind} '${name}'`;
    this.#called.set(use, called);
    try {
      const what = all.get(name);
      if (!what) throw new Refused('', `the program has no ${kind} '${name}'; it has ${[...all.keys()].map((one) => `'${one}'`).join(', ') || 'none'}`);
      if (isSource) {
        this.#listen(head, what(settings));
        return;
      }
      const made = typeof what === 'function' ? what : what.make(settings);
      if (typeof made !== 'function') throw new Refused('', `${called} is made as ${nameOf(made)}, and must be a function`);
      this.#handlers.set(use, made);
      this.#settings.set(use, settings);
    } catch (error) {
      this.#refuse(use, error);
    }
  }

  #refuse(use, error) {
    let text = cut(error?.message ?? error, MOST_TEXT / 2);
    if (!(error instanceof Refused)) {
      // The plugin's own mistake, told once, for a listener is asked again each second.
      if (this.#thrown.get(use) !== trace(error)) this.log(trace(error), 'error');
      this.#thrown.set(use, trace(error));
      text = `${this.#called.get(use)} threw ${error?.name ?? 'a value'}: ${text}; the stack is in the log`;
    }
    this.#say({ type: 'refuse', use, key: error instanceof Refused ? String(error.key ?? '') : '', text });
  }

  async #listen(head, source) {
    const inlet = new Inlet(head, (head.routes ?? []).map((use) => this.#routes.get(use)), (said) => this.#say(said), (said, body) => this.#bring(said, body));
    const called = this.#called.get(head.use);
    const late = setTimeout(() => {
      if (!inlet.listened && !inlet.signal.aborted)
        this.log(`${called} has run for 5 s and has not called inlet.listening(): until it does, the bus takes nothing from it`, 'warn');
    }, LISTENS_WITHIN);
    late.unref();
    try {
      const listens = source.listen(inlet);
      const ended = Promise.resolve(listens);
      this.#inlets.set(head.use, { inlet, source, ended });
      await ended;
      if (typeof listens?.then !== 'function' || inlet.signal.aborted) return undefined;
    } catch (error) {
      if (inlet.signal.aborted && (error instanceof Stopped || error?.name === 'AbortError')) return undefined;
      clearTimeout(late);
      if (!inlet.listened || error instanceof Refused) return this.#refuse(head.use, error);
      console.error(trace(error));
      process.exit(71);
    }
    clearTimeout(late);
    return this.#runDry(head.use, inlet);
  }

  // The source has ended, and nobody has stopped it.
  async #runDry(use, inlet) {
    const called = this.#called.get(use);
    this.#returned.add(use);
    this.#inlets.delete(use);
    inlet.stop();
    if (inlet.listened) this.log(`${called} has returned; it brings nothing any more until the bus has it made anew`, 'warn');
    await inlet.outcomes(); // the next one has all the credit
    if (!this.#returned.delete(use)) return; // it was stopped in the meantime
    const why = inlet.listened ? 'nobody has stopped it' : 'has not called inlet.listening()';
    this.#refuse(use, new Refused('', `${called} has returned, and ${why}`));
  }

  #bring(head, body) {
    const arrival = ++this.#lastArrival;
    const ended = new Promise((resolve) => this.#brought.set(arrival, { resolve, pieces: [] }));
    this.#say({ ...head, arrival, more: body.length > MOST_PAYLOAD }, body.subarray(0, MOST_PAYLOAD));
    for (let at = MOST_PAYLOAD; at < body.length; at += MOST_PAYLOAD)
      this.#say({ type: 'chunk', arrival, more: at + MOST_PAYLOAD < body.length }, body.subarray(at, at + MOST_PAYLOAD));
    return ended;
  }

  #takeOutcome(head, first) {
    const brought = this.#brought.get(head.arrival);
    if (!brought) return;
    if (first) brought.about = Object.fromEntries(OUTCOME.filter((name) => name in first).map((name) => [name, first[name]]));
    if (head.more) return;
    this.#brought.delete(head.arrival);
    brought.resolve({ ...brought.about, body: Buffer.concat(brought.pieces) });
  }

  #end(use, forGood) {
    this.#routes.delete(use);
    this.#returned.delete(use);
    if (forGood) {
      this.#thrown.delete(use);
      this.#handlers.get(use)?.close?.();
      this.#handlers.delete(use);
    }
    const listener = this.#inlets.get(use);
    if (!listener) return;
    if (!listener.inlet.signal.aborted) {
      listener.inlet.stop();
      listener.source.stop?.();
    }
    if (forGood) {
      this.#inlets.delete(use);
      this.#ending.push(listener.ended.catch(() => {}));
    }
  }

  // They have told their senders before the process ends.
  async #endSources() {
    for (const use of [...this.#inlets.keys()]) this.#end(use, true);
    await Promise.race([Promise.all(this.#ending), new Promise((resolve) => setTimeout(resolve, 1500))]);
  }

  async #work(head, payload) {
    try {
      const handler = this.#handlers.get(head.use);
      if (!handler) throw new Failed('internal', 'these settings were refused');
      const about = Object.fromEntries(ABOUT.filter((name) => name in head).map((name) => [name, head[name]]));
      const given = await handler({
        body: head.body === 'document' ? JSON.parse(payload.toString()) : payload,
        settings: this.#settings.get(head.use),
        headers: head.headers ?? {},
        variables: head.variables ?? {},
        about,
        deadline: head.deadline,
        signal: this.#cancels.get(head.id).signal,
      });
      if ('endpoint_index' in head) return this.#answerOfService(head, given);
      const reply = given ?? {};
      const wrong = wrongIn(reply, REPLY, '{ body, variables, headers, filtered }, any of them, or undefined');
      if (wrong) throw new Failed('internal', `${this.#called.get(head.use)} ${wrong}`);
      const answer = { type: 'reply', flow: reply.filtered ? 'filtered' : 'next' };
      if (reply.variables) answer.variables = reply.variables;
      if (reply.headers) answer.headers = reply.headers;
      const body = reply.body === undefined ? undefined : this.#document(head.use, reply.body);
      if (body) answer.body = 'document';
      if (Buffer.byteLength(JSON.stringify(answer)) > MOST_HEAD)
        throw new Failed('internal', 'answering: the variables and header fields are larger than 63KiB');
      this.#answer(head.id, answer, body);
    } catch (error) {
      if (!(error instanceof Failed)) this.log(trace(error), 'error');
      const { kind, code } = error instanceof Failed ? error : { kind: 'internal', code: '' };
      this.#answer(head.id, { type: 'fail', kind, code, text: cut(error?.message ?? error, MOST_TEXT / 2) });
    }
  }

  #document(use, body) {
    const text = JSON.stringify(body);
    if (text === undefined) throw new Failed('internal', `${this.#called.get(use)} has given a body that is ${nameOf(body)}, which is no JSON`);
    return Buffer.from(text);
  }

  #answerOfService({ id, use }, given) {
    const plain = given === undefined || given === null || typeof given === 'string' || given instanceof Uint8Array;
    const wrong = !plain && wrongIn(given, ANSWER, 'a Buffer, a text, { body, contentType, status, headers }, any of them, or undefined');
    if (wrong) throw new Failed('internal', `${this.#called.get(use)} ${wrong}`);
    const { body = '', contentType, status, headers } = plain ? { body: given ?? '' } : given;
    const json = typeof body !== 'string' && !(body instanceof Uint8Array);
    const answer = { type: 'reply', body: 'bytes' };
    if (contentType || json) answer.content_type = contentType ?? 'application/json';
    if (status) answer.status = status;
    if (headers) answer.headers = headers;
    if (Buffer.byteLength(JSON.stringify(answer)) > MOST_HEAD) throw new Failed('internal', 'answering: the header fields are larger than 63KiB');
    this.#answer(id, answer, json ? this.#document(use, body) : Buffer.from(body));
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

module.exports = { Plugin, Inlet, Failed, Refused, Stopped, KINDS };
