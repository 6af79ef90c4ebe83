'use strict';
const test = require('node:test');
const assert = require('node:assert');
const { once } = require('node:events');
const { WebSocketServer } = require('ws');
const { service } = require('./web_socket.js');

const request = (text, endpoint, signal) => ({ body: Buffer.from(text), about: { endpoint }, signal });

async function served(options, onSocket) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, ...options });
  server.on('connection', onSocket);
  await once(server, 'listening');
  return [server, `ws://127.0.0.1:${server.address().port}/`];
}

function end(server) {
  for (const socket of server.clients) socket.terminate();
  server.close();
}

test('messages go out in order, on one connection, as text', async () => {
  const got = [];
  let connections = 0;
  const [server, endpoint] = await served({}, (socket, asked) => {
    connections += 1;
    got.push(asked.headers.authorization);
    socket.on('message', (bytes, binary) => got.push([bytes.toString(), binary]));
  });
  const call = service({ endpoints: [endpoint], token: 't' });
  await call(request('{"n":1}', endpoint));
  await Promise.all([call(request('{"n":2}', endpoint)), call(request('{"n":3}', endpoint))]);
  assert.deepStrictEqual(got, ['Bearer t', ['{"n":1}', false], ['{"n":2}', false], ['{"n":3}', false]]);
  assert.strictEqual(connections, 1);
  await call.close();
  end(server);
});

test('what is not confirmed is unknown, and the next message gets a new connection', async () => {
  let connections = 0;
  const [server, endpoint] = await served({ autoPong: false }, (socket) => {
    connections += 1;
    const first = connections === 1;
    socket.on('ping', (bytes) => (first ? socket.terminate() : socket.pong(bytes)));
  });
  const call = service({ endpoints: [endpoint] });
  await assert.rejects(call(request('one', endpoint)), { kind: 'unknown' });
  await call(request('two', endpoint));
  assert.strictEqual(connections, 2);
  await call.close();
  end(server);
});

test('nobody is there, or nobody that speaks it', async () => {
  const [server, endpoint] = await served({}, () => {});
  server.close();
  await once(server, 'close');
  await assert.rejects(service({ endpoints: [endpoint] })(request('one', endpoint)), { kind: 'not_sent' });
});

test('the time is up', async () => {
  const [server, endpoint] = await served({ autoPong: false }, () => {});
  const call = service({ endpoints: [endpoint] });
  await assert.rejects(call(request('one', endpoint, AbortSignal.timeout(100))), { kind: 'unknown' });
  await call.close();
  end(server);
});

test('settings that make no sense', () => {
  assert.throws(() => service({ endpoints: [] }), { key: 'endpoints' });
  assert.throws(() => service({ endpoints: ['http://x'] }), { key: 'endpoints' });
});
