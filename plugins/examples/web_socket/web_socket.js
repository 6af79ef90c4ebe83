'use strict';
// The target web_socket: a message is a text frame on a connection that is kept open.
const { randomBytes } = require('node:crypto');
const WebSocket = require('ws');
const busway = require('busway_plugin.js');

/** One connection. What waits for its pong is told when the connection ends. */
class Link {
  #waiting = new Map(); // by the ping behind the message

  static async open(endpoint, token, signal) {
    const socket = new WebSocket(endpoint, { headers: token ? { Authorization: `Bearer ${token}` } : {}, maxPayload: 1024 * 1024 });
    const link = new Link();
    link.socket = socket;
    const stop = () => socket.terminate();
    signal?.addEventListener('abort', stop, { once: true });
    try {
      await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    } catch (error) {
      throw new busway.Failed('not_sent', `connecting to ${endpoint}: ${error.message}`);
    } finally {
      signal?.removeEventListener('abort', stop);
    }
    socket.on('error', () => socket.terminate());
    socket.on('pong', (bytes) => link.#settle(bytes.toString(), (one) => one.resolve()));
    socket.on('close', () => {
      for (const mark of [...link.#waiting.keys()])
        link.#settle(mark, (one) => one.reject(new busway.Failed('unknown', 'sending the message: the connection ended before it was confirmed')));
    });
    return link;
  }

  get usable() {
    return this.socket.readyState === WebSocket.OPEN;
  }

  send(text, signal) {
    const mark = randomBytes(8).toString('hex');
    return new Promise((resolve, reject) => {
      this.#waiting.set(mark, { resolve, reject });
      signal?.addEventListener('abort', () => this.#settle(mark, (one) => one.reject(new busway.Failed('unknown', 'waiting for the confirmation: the time is up'))), { once: true });
      this.socket.send(text, { binary: false });
      this.socket.ping(mark);
    });
  }

  #settle(mark, how) {
    const one = this.#waiting.get(mark);
    this.#waiting.delete(mark);
    if (one) how(one);
  }
}

/** @param {Record<string, any>} settings @returns {busway.Caller} */
function service(settings) {
  if (settings.endpoints.length === 0) throw new busway.Refused('endpoints', 'a service needs at least one endpoint');
  for (const endpoint of settings.endpoints)
    if (!/^wss?:\/\/[^/]/.test(endpoint)) throw new busway.Refused('endpoints', `'${endpoint}' is no ws:// or wss:// address`);
  const links = new Map(); // promises of links, by endpoint

  async function call(request) {
    const { endpoint } = request.about;
    let opening = links.get(endpoint);
    const kept = await opening?.catch(() => undefined);
    if (!kept?.usable && links.get(endpoint) === opening) links.set(endpoint, (opening = Link.open(endpoint, settings.token, request.signal)));
    else opening = links.get(endpoint);
    const link = await opening;
    await link.send(request.body ?? '', request.signal);
  }
  call.close = async () => {
    for (const opening of links.values()) (await opening.catch(() => undefined))?.socket.close();
  };
  return call;
}

module.exports = { service };
if (require.main === module) new busway.Plugin().target('web_socket', { make: service }).run();
