import { assert, layer } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as CallbackAddress from "../../../src/domain/CallbackAddress.ts"
import { CallbackClient } from "../../../src/services/ports/CallbackClient.ts"
import { client, http, post } from "./Calling.ts"

const server = http((_, response) => response.writeHead(204).end())

/** Why a URL is refused when it is saved; empty when it is not. */
const complaint = (url: string) =>
  Effect.flatMap(CallbackClient, ({ check }) => Effect.match(check(url), { onFailure: (_) => _, onSuccess: () => "" }))

/** Ways to write this very machine, as URLs with PORT for the port. */
const loopback: ReadonlyArray<string> = [
  "http://127.0.0.1:PORT/",
  "http://127.0.0.1.:PORT/",
  "http://127.1:PORT/",
  "http://127.0.1:PORT/",
  "http://127.255.255.254:PORT/",
  "http://2130706433:PORT/",
  "http://017700000001:PORT/",
  "http://0177.0.0.1:PORT/",
  "http://0177.0.0.01:PORT/",
  "http://0x7f000001:PORT/",
  "http://0x7F.0x0.0x0.0x1:PORT/",
  "http://0x7f.1:PORT/",
  "http://0x7f.0.0x1:PORT/",
  "http://127.0x1:PORT/",
  "http://%31%32%37.0.0.1:PORT/",
  "http://127%2e0%2E0.1:PORT/",
  "http://%6cocalhost:PORT/",
  "http://\uff11\uff12\uff17.\uff10.\uff10.\uff11:PORT/",
  "http://127\u30020\u30020\u30021:PORT/",
  "http://127\uff0e0\uff610.1:PORT/",
  "http://\u2460\u2461\u2466.\u24ea.\u24ea.\u2460:PORT/",
  "http://\ud835\udfd9\ud835\udfda\ud835\udfdf.0.0.1:PORT/",
  "http://127.0.0.\u00ad1:PORT/",
  "http://127.0.\n0.1:PORT/",
  "http:127.0.0.1:PORT/",
  "http:/127.0.0.1:PORT/",
  "http:///127.0.0.1:PORT/",
  "http:\\\\127.0.0.1:PORT\\hook",
  "HTTP://127.0.0.1:PORT/",
  "\u0000 http://127.0.0.1:PORT/",
  "https://127.0.0.1:PORT/",
  "http://localhost:PORT/",
  "http://LOCALHOST:PORT/",
  "http://localhost.:PORT/",
  "http://app.localhost:PORT/",
  "http://a.b.LocalHost.:PORT/",
  "http://\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3:PORT/",
  "http://\uff4cocalhost:PORT/",
  "http://local\u00adhost:PORT/",
  "https://localhost:PORT/",
  "http://[::1]:PORT/",
  "http://[0:0:0:0:0:0:0:1]:PORT/",
  "http://[0000:0000:0000:0000:0000:0000:0000:0001]:PORT/",
  "http://[::ffff:127.0.0.1]:PORT/",
  "http://[::FFFF:7f00:1]:PORT/",
  "http://[0:0:0:0:0:ffff:127.0.0.1]:PORT/",
  "http://[::ffff:0:127.0.0.1]:PORT/",
  "http://[::127.0.0.1]:PORT/",
  "http://[::7f00:1]:PORT/",
  "http://[64:ff9b::127.0.0.1]:PORT/",
  "http://[64:ff9b:1::7f00:1]:PORT/",
  "http://[64:ff9b:1:fffe::127.0.0.1]:PORT/",
  "http://[2002:7f00:1::]:PORT/",
  "http://[2002:7f00:0001:0:0:5efe:7f00:1]:PORT/",
  "http://[2001:0:7f00:1::]:PORT/",
  "http://[2001:0:4136:e378:8000:63bf:80ff:fffe]:PORT/",
  "http://[fe80::5efe:127.0.0.1]:PORT/",
  "http://[2a00:1450:4001:800::5efe:127.0.0.1]:PORT/",
  "http://0.0.0.0:PORT/",
  "http://0:PORT/",
  "http://0.1:PORT/",
  "http://[::]:PORT/",
  "http://[::ffff:0.0.0.0]:PORT/"
]

/** Addresses of others that are not the public internet. */
const others: ReadonlyArray<string> = [
  "http://169.254.169.254/latest/meta-data/",
  "http://2852039166/",
  "http://0xa9fea9fe/",
  "http://0251.0376.0251.0376/",
  "http://169.254.43518/",
  "http://[::ffff:169.254.169.254]/",
  "http://[64:ff9b::a9fe:a9fe]/",
  "http://[2002:a9fe:a9fe::1]/",
  "http://[fe80::a9fe:a9fe]/",
  "http://[fd00:ec2::254]/",
  "http://[fd00:ec2::23]/v1/credentials",
  "http://[fd20:ce::254]/",
  "http://100.100.100.200/",
  "http://168.63.129.16/",
  "http://192.0.0.192/",
  "http://10.0.0.1/",
  "http://167772161/",
  "http://012.0.0.1/",
  "http://0xa.1/",
  "http://172.16.1/",
  "http://192.168.257/",
  "http://100.64.0.1/",
  "http://198.18.0.1/",
  "http://203.0.113.7/",
  "http://224.0.0.1/",
  "http://240.0.0.1/",
  "http://255.255.255.255/",
  "http://4294967295/",
  "http://037777777777/",
  "http://[fc00::1]/",
  "http://[fd12:3456:789a::1]/",
  "http://[fec0::1]/",
  "http://[ff02::1]/",
  "http://[2001:db8::1]/",
  "http://[3fff::1]/",
  "http://[5f00::1]/",
  "http://[100::1]/",
  "http://[4000::1]/"
]

/** What is no callback's URL at all. */
const nonsense: ReadonlyArray<string> = [
  "",
  "app.example/hooks",
  "//app.example/hooks",
  "http://",
  "http://:80/",
  "http://256.1.1.1/",
  "http://1.2.3.4.5/",
  "http://0x7f.0.0.0.1/",
  "http://127.0.0.1:65536/",
  "http://127.0.0.1:-1/",
  "http://[::1/",
  "http://[fe80::1%25eth0]/",
  "http://[fe80::1%eth0]/",
  "http://[::ffff:127.0.0.256]/",
  "http://a b.example/",
  "http://a%00b.example/",
  "http://a%2fb.example/",
  "http://xn--/",
  "ftp://app.example/",
  "file:///etc/passwd",
  "gopher://127.0.0.1:6379/_INFO",
  "unix:/var/run/docker.sock",
  "javascript:alert(1)",
  "data:text/plain,hello",
  "blob:http://app.example/1",
  "ws://app.example/",
  "http://user@app.example/",
  "http://user:password@app.example/",
  "http://:password@app.example/",
  "http://127.0.0.1:80@app.example/",
  "http://app.example:80@127.0.0.1/"
]

layer(client({ callbackPolicy: Schema.decodeSync(CallbackAddress.Policy)("false") }), { excludeTestServices: true })(
  "a URL in disguise",
  (it) => {
    it.scoped("of this machine is refused when it is saved and when it is called, and nobody is connected", () =>
      Effect.gen(function*() {
        const { connections, port } = yield* server
        for (const written of loopback) {
          const url = written.replace("PORT", String(port))
          assert.include(yield* complaint(url), "only a CIDR in CALLBACK_ALLOW_PRIVATE opens", written)
          assert.propertyVal(yield* post(url), "reason", "address_refused", written)
        }
        assert.strictEqual(connections.total, 0)
      }))

    it.scoped("of what is not the internet is refused when it is saved and when it is called", () =>
      Effect.gen(function*() {
        for (const url of others) {
          assert.include(yield* complaint(url), "CALLBACK_ALLOW_PRIVATE", url)
          assert.propertyVal(yield* post(url), "reason", "address_refused", url)
        }
      }))

    it.scoped("that is none is refused with what is wrong with it", () =>
      Effect.gen(function*() {
        for (const url of nonsense) {
          assert.match(yield* complaint(url), /^(?:is not a URL|begins with neither|holds credentials)/, url)
        }
      }))

    it.scoped("goes by what it is, not by what it looks like", () =>
      Effect.gen(function*() {
        for (
          const url of [
            "http://8.8.8.8#@127.0.0.1/",
            "http://8.8.8.8/@127.0.0.1",
            "http://8.8.8.8?http://127.0.0.1/",
            "http://8.8.8.8/%2f%2f127.0.0.1/../",
            "http://[2606:4700::6810:84e5]/127.0.0.1",
            "http://134744072/",
            "http://0x8.0x8.0x8.0x8/"
          ]
        ) {
          assert.strictEqual(yield* complaint(url), "", url)
        }
      }))
  }
)
