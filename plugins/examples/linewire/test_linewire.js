'use strict';
const test = require('node:test');
const assert = require('node:assert');
const net = require('node:net');
const { once } = require('node:events');
const { listener, service } = require('./adapter_linewire.js');

const request = (text, endpoint) => ({ body: Buffer.from(text), about: { endpoint } });

test('a service answers on one connection', async () => {
  const connections = [];
  const server = net.createServer((socket) => {
    connections.push(socket);
    socket.on('data', (bytes) => socket.write(bytes.toString().toUpperCase()));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endpoint = `127.0.0.1:${server.address().port}`;
  const call = service({ endpoints: [endpoint] });
  assert.strictEqual((await call(request('one', endpoint))).toString(), 'ONE');
  assert.strictEqual((await call(request('two', endpoint))).toString(), 'TWO');
  assert.strictEqual(connections.length, 1);
  server.close();
  connections[0].destroy();
});

test('nobody is there', async () => {
  const unused = net.createServer().listen(0, '127.0.0.1');
  await once(unused, 'listening');
  const endpoint = `127.0.0.1:${unused.address().port}`;
  unused.close();
  await once(unused, 'close');
  await assert.rejects(service({ endpoints: [endpoint] })(request('one', endpoint)), { kind: 'not_sent' });
});

test('a line that comes in is replied to', async () => {
  const stopping = new AbortController();
  let told;
  const listens = new Promise((resolve) => { told = resolve; });
  const inlet = {
    maxBody: 100,
    signal: stopping.signal,
    listening: (address) => told(address),
    emit: async (body) => ({ outcome: 'made', body: Buffer.from([...body].reverse()) }),
  };
  const source = listener({ listen: '127.0.0.1:0', idle: 5000 });
  const served = source.listen(inlet);
  const [host, port] = (await listens).split(':');
  const caller = net.connect(Number(port), host);
  caller.write('abc\n');
  const [bytes] = await once(caller, 'data');
  assert.strictEqual(bytes.toString(), 'cba\n');
  stopping.abort();
  source.stop();
  caller.end();
  await served;
});
