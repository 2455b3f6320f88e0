import { NodeContext } from "@effect/platform-node"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import { assert, layer } from "@effect/vitest"
import { ConfigProvider, Effect, Option, Redacted } from "effect"
import * as DataDirectory from "../../src/layers/DataDirectory.ts"
import * as Environment from "../../src/layers/Environment.ts"

const keysIn = (dataDir: string, more: Readonly<Record<string, string>> = {}) =>
  Environment.read.pipe(
    Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries({ DATA_DIR: dataDir, ...more })))),
    Effect.flatMap(DataDirectory.keys)
  )

/** What the keys are, in the clear. */
const plain = ({ encryptionKeys, managementApiKey }: DataDirectory.Keys) => ({
  management: Redacted.value(managementApiKey),
  encryption: Redacted.value(encryptionKeys).map(({ bytes, id }) => [id, [...Redacted.value(bytes)]])
})

/** A data directory that is not there yet. */
const fresh = Effect.gen(function*() {
  const files = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  return path.join(yield* files.makeTempDirectoryScoped(), "deep", "data")
})

layer(NodeContext.layer, { excludeTestServices: true })("the data directory", (it) => {
  it.scoped("gets keys at the first start, closed to others, and keeps them", () =>
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const directory = yield* fresh
      const first = yield* keysIn(directory)
      const second = yield* keysIn(directory)
      assert.deepStrictEqual(plain(second), plain(first))
      assert.isAtLeast(plain(first).management.length, 32)
      assert.deepStrictEqual(plain(first).encryption.map(([id]) => id), ["local"])

      const names = yield* files.readDirectory(directory)
      assert.deepStrictEqual(names.toSorted(), ["encryption-keys", "management-key"])
      for (const name of names) {
        assert.strictEqual((yield* files.stat(path.join(directory, name))).mode & 0o777, 0o600, name)
      }
      assert.deepStrictEqual(first.managementKeyFile, Option.some(path.join(directory, "management-key")))
      assert.strictEqual(
        yield* files.readFileString(path.join(directory, "management-key")),
        `${plain(first).management}\n`
      )
    }))

  it.scoped("gets one set of keys, however many start at once", () =>
    Effect.gen(function*() {
      const directory = yield* fresh
      const all = yield* Effect.all(Array.from({ length: 20 }, () => keysIn(directory)), { concurrency: "unbounded" })
      assert.strictEqual(new Set(all.map((_) => JSON.stringify(plain(_)))).size, 1)
    }))

  it.scoped("gets other keys than any other directory", () =>
    Effect.gen(function*() {
      const one = plain(yield* keysIn(yield* fresh))
      const other = plain(yield* keysIn(yield* fresh))
      assert.notStrictEqual(one.management, other.management)
      assert.notDeepEqual(one.encryption, other.encryption)
    }))

  it.scoped("is not touched when the environment gives the keys, and only for the one that it does not give", () =>
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      const directory = yield* fresh
      const bytes = Buffer.alloc(32, 7)
      const given = {
        MANAGEMENT_API_KEY: "management-key-of-the-tests",
        ENCRYPTION_KEYS: `given:${bytes.toString("base64")}`
      }
      const keys = yield* keysIn(directory, given)
      assert.deepStrictEqual(plain(keys), { management: given.MANAGEMENT_API_KEY, encryption: [["given", [...bytes]]] })
      assert.deepStrictEqual(keys.managementKeyFile, Option.none())
      assert.isFalse(yield* files.exists(directory))

      yield* keysIn(directory, { ENCRYPTION_KEYS: given.ENCRYPTION_KEYS })
      assert.deepStrictEqual(yield* files.readDirectory(directory), ["management-key"])
    }))

  it.scoped("holds keys that a person put there", () =>
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const directory = yield* fresh
      yield* files.makeDirectory(directory, { recursive: true })
      const key = (byte: number) => Buffer.alloc(32, byte).toString("base64")
      yield* files.writeFileString(path.join(directory, "encryption-keys"), `new:${key(2)},local:${key(1)}\n`)
      yield* files.writeFileString(path.join(directory, "management-key"), "a-key-that-a-person-chose\n")
      const { encryption, management } = plain(yield* keysIn(directory))
      assert.deepStrictEqual(encryption.map(([id]) => id), ["new", "local"])
      assert.strictEqual(management, "a-key-that-a-person-chose")
    }))

  it.scoped("stops the start when a file in it is damaged, and says which", () =>
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      for (const name of ["encryption-keys", "management-key"]) {
        const directory = yield* fresh
        yield* keysIn(directory)
        const file = path.join(directory, name)
        for (const damaged of ["", "local:short"]) {
          yield* files.writeFileString(file, damaged)
          const error = yield* Effect.flip(keysIn(directory))
          assert.strictEqual(error._tag, "DataDirectoryError")
          assert.include(error.message, file)
          assert.strictEqual(yield* files.readFileString(file), damaged)
        }
      }
    }))

  it.scoped("stops the start when it cannot be used, and says which it is and why", () =>
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      const file = yield* files.makeTempFileScoped()
      const below = yield* Effect.flip(keysIn(`${file}/data`))
      assert.match(below.message, new RegExp(`^DATA_DIR ${file}/data cannot be read or written: .*(?:ENOTDIR|EEXIST)`))
      const itself = yield* Effect.flip(keysIn(file))
      assert.match(itself.message, new RegExp(`^DATA_DIR ${file} cannot be read or written: `))
    }))

  const root = process.getuid?.() === 0
  it.scoped.skipIf(root)("stops the start when it may not be read", () =>
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      const directory = yield* fresh
      yield* keysIn(directory)
      yield* Effect.acquireRelease(files.chmod(directory, 0), () => Effect.orDie(files.chmod(directory, 0o700)))
      const error = yield* Effect.flip(keysIn(directory))
      assert.match(error.message, new RegExp(`^DATA_DIR ${directory} cannot be read or written: .*EACCES`))
    }))
})
