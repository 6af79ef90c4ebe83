'use strict';
// The adapter linewire: a message is a line of text, and so is its answer. One connection has one message under way at a time.
const net = require('node:net');
const busway = require('./busway_plugin.js');

function place(text) {
  const at = text.lastIndexOf(':');
  return { host: text.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(text.slice(at + 1)) };
}

/** Gathers lines of `most` bytes at most, and hands each on; `tooLong` is called for one that is longer. */
function lines(socket, most, line, tooLong) {
  let pieces = [];
  let size = 0;
  socket.on('data', (bytes) => {
    let begin = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, begin)) {
      let one = Buffer.concat([...pieces, bytes.subarray(begin, end)]);
      if (one.at(-1) === 13) one = one.subarray(0, -1);
      [pieces, size, begin] = [[], 0, end + 1];
      if (one.length > most) return tooLong();
      line(one);
    }
    pieces.push(bytes.subarray(begin));
    size += bytes.length - begin;
    if (size > most + 1) tooLong();
  });
}

/** @param {Record<string, any>} settings @returns {busway.Source} */
function listener(settings) {
  const idle = new Set();
  let server;

  function serve(inlet, socket) {
    const waiting = [];
    let busy = false;
    let refused = false;
    socket.setNoDelay(true).setTimeout(settings.idle, () => busy || socket.destroy());
    socket.on('error', () => socket.destroy());
    idle.add(socket);
    const refuse = () => {
      if (refused) return;
      refused = true;
      socket.removeAllListeners('data').resume(); // the peer has a moment to read why
      socket.end('!413 Content Too Large\n');
      setTimeout(() => socket.destroy(), 1000).unref();
    };
    const next = async () => {
      if (busy || waiting.length === 0) return;
      busy = true;
      idle.delete(socket);
      try {
        while (waiting.length > 0) {
          const outcome = await inlet.emit(waiting.shift(), { peer: `${socket.remoteAddress}:${socket.remotePort}` });
          const empty = outcome.outcome === 'failed' && outcome.body.length === 0;
          const text = empty ? `!${outcome.status} ${outcome.reason}` : outcome.body.toString('latin1').replace(/[\r\n]/g, ' ');
          socket.write(Buffer.from(`${text}\n`, 'latin1'));
          if (waiting.length < 64) socket.resume();
        }
        if (inlet.signal.aborted || ended) socket.end();
      } catch (error) {
        if (!(error instanceof busway.Stopped)) throw error;
        socket.end();
      } finally {
        busy = false;
        idle.add(socket);
      }
    };
    let ended = false;
    socket.on('end', () => {
      ended = true;
      if (!busy && !refused) socket.end();
    });
    socket.on('close', () => idle.delete(socket));
    lines(socket, inlet.maxBody, (line) => {
      waiting.push(line);
      if (waiting.length >= 64) socket.pause();
      next();
    }, refuse);
  }

  return {
    async listen(inlet) {
      server = net.createServer({ allowHalfOpen: true }, (socket) => serve(inlet, socket));
      await new Promise((resolve, reject) => server.once('error', reject).listen(place(settings.listen), resolve));
      const { address, port } = server.address();
      inlet.listening(`${address}:${port}`);
      await new Promise((resolve) => server.once('close', resolve));
    },
    stop() {
      server?.close();
      for (const socket of idle) socket.end();
    },
  };
}

/** @param {Record<string, any>} settings @returns {busway.Caller} */
function service(settings) {
  if (settings.endpoints.length === 0) throw new busway.Refused('endpoints', 'a service needs at least one endpoint');
  const kept = new Map(); // connections in good order, by endpoint

  async function connect(endpoint, signal) {
    const list = kept.get(endpoint) ?? kept.set(endpoint, []).get(endpoint);
    while (list.length > 0) {
      const link = list.pop();
      if (!link.socket.destroyed) {
        link.socket.ref();
        return link;
      }
    }
    const socket = net.connect({ ...place(endpoint), noDelay: true });
    const link = { socket, end: () => {}, line: () => socket.destroy() };
    await new Promise((resolve, reject) => {
      const failed = (error) => reject(new busway.Failed('not_sent', `connecting to ${endpoint}: ${error?.message ?? 'the time is up'}`));
      signal?.addEventListener('abort', () => socket.connecting && (socket.destroy(), failed()), { once: true });
      socket.once('error', failed).once('connect', () => {
        socket.removeListener('error', failed);
        resolve();
      });
    });
    for (const event of ['error', 'end', 'close']) {
      socket.on(event, (error) => {
        socket.destroy();
        link.end(error?.message ?? 'the connection ended');
      });
    }
    lines(socket, 16 * 1024 * 1024, (line) => link.line(line), () => link.end('the answer is larger than may be'));
    return link;
  }

  return async (request) => {
    const body = request.body ?? Buffer.alloc(0);
    if (body.includes(10)) throw new busway.Failed('mapping', 'writing the line: the body has a line end in it');
    const { endpoint } = request.about;
    const link = await connect(endpoint, request.signal);
    try {
      const answer = await new Promise((resolve, reject) => {
        link.line = resolve;
        link.end = (why) => reject(new busway.Failed('unknown', `waiting for the answer: ${why}`));
        request.signal?.addEventListener('abort', () => link.end('the time is up'), { once: true });
        link.socket.write(Buffer.concat([body, Buffer.from('\n')]));
      });
      link.line = () => link.socket.destroy(); // it speaks without being asked
      link.end = () => {};
      if (!link.socket.destroyed) kept.get(endpoint).push(link);
      link.socket.unref();
      return answer;
    } catch (error) {
      link.socket.destroy();
      throw error;
    }
  };
}

module.exports = { listener, service };
if (require.main === module) new busway.Plugin().source('linewire', listener).target('linewire', { make: service }).run();
