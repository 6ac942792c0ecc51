// SPDX-License-Identifier: Apache-2.0
//
// A DHT node of the npm package bittorrent-dht, for dht_interop_bittorrent_dht_test.py.
//
//   node bittorrent_dht_node.mjs PACKAGES LISTEN [bootstrap=ADDRESS]
//
// PACKAGES is the folder node_modules. One command a line on standard input, one line of JSON for
// each; lib/dht_node.py has the list. It ends with its standard input.
import crypto from 'node:crypto'
import path from 'node:path'
import readline from 'node:readline'
import { pathToFileURL } from 'node:url'

const [packages, listen, ...words] = process.argv.slice(2)
const { default: DHT } = await import(pathToFileURL(path.join(packages, 'bittorrent-dht/index.js')))

// DER around the bare keys (RFC 8410).
const seedHead = Buffer.from('302e020100300506032b657004220420', 'hex')
const keyHead = Buffer.from('302a300506032b6570032100', 'hex')
const secretOf = (seed) => crypto.createPrivateKey(
  { key: Buffer.concat([seedHead, seed]), format: 'der', type: 'pkcs8' })
const publicOf = (key) => crypto.createPublicKey(
  { key: Buffer.concat([keyHead, key]), format: 'der', type: 'spki' })
const verify = (signature, message, key) => crypto.verify(null, message, publicOf(key), signature)

const unhex = (word) => Buffer.from(word === '-' ? '' : word, 'hex')
const starts = words.filter((w) => w.startsWith('bootstrap=')).map((w) => w.slice(10))
const dht = new DHT({ bootstrap: starts.length > 0 ? starts : false, verify })
const [address, port] = listen.split(':')
await new Promise((resolve) => dht.listen(Number(port), address, resolve))

const stored = (begin) => new Promise((resolve) => begin((error, target, count) => resolve(
  { target: target?.toString('hex') ?? null, stored: count ?? 0, error: error?.code ?? 0 })))
// Without its own copies: what was put by this very node is not what is asked for.
const found = (target, options) => new Promise((resolve) => dht.get(
  target, { ...options, cache: false }, (error, item) => resolve(
    { text: error || !item ? null : Buffer.from(item.v).toString('hex'), seq: item?.seq ?? null })))

const putMutable = (pair, seq, salt, text, cas, forged) => {
  const secret = secretOf(unhex(pair).subarray(0, 32))
  const sign = (message) => crypto.sign(null, forged ? Buffer.from('x') : message, secret)
  const item = { k: unhex(pair).subarray(32), seq: Number(seq), v: unhex(text), sign }
  if (salt !== '-') item.salt = unhex(salt)
  if (cas !== undefined) item.cas = Number(cas)
  return stored((done) => dht.put(item, done))
}

const commands = {
  nodes: () => ({ nodes: dht.toJSON().nodes.map((n) => `${n.host}:${n.port}`) }),
  put: (text) => stored((done) => dht.put({ v: unhex(text) }, done)),
  put_mutable: (pair, seq, salt, text, cas) => putMutable(pair, seq, salt, text, cas, false),
  put_forged: (pair, seq, salt, text) => putMutable(pair, seq, salt, text, undefined, true),
  get: (target) => found(unhex(target), {}),
  get_mutable: (key, salt) => {
    const whole = Buffer.concat([unhex(key), unhex(salt)])
    return found(crypto.createHash('sha1').update(whole).digest(),
      salt === '-' ? {} : { salt: unhex(salt) })
  },
  announce: (hash, peerPort) => new Promise((resolve) => dht.announce(
    hash, Number(peerPort), () => resolve({ port: Number(peerPort) }))),
  peers: (hash) => new Promise((resolve) => {
    const peers = new Set()
    const note = (peer, of) => of.toString('hex') === hash && peers.add(`${peer.host}:${peer.port}`)
    dht.on('peer', note)
    dht.lookup(hash, () => {
      dht.off('peer', note)
      resolve({ peers: [...peers] })
    })
  })
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const [verb, ...parameters] = line.split(' ')
  process.stdout.write(JSON.stringify(await commands[verb](...parameters)) + '\n')
}
process.exit(0)
