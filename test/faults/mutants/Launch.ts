import { Layer } from "effect"
import * as Api from "../../../src/layers/Api.ts"
import * as Main from "../../../src/layers/Main.ts"
import * as Role from "../../../src/layers/Role.ts"
import * as Worker from "../../../src/layers/Worker.ts"

const connections = 10

/** A worker role of other programs than the real one's. */
export const workerOf = <A, E, R extends Role.Ground>(program: (given: Role.Given) => Layer.Layer<A, E, R>) =>
  Role.make({ name: "sluice-worker", connections }, (given) => Layer.provide(Worker.started, program(given)))

/** Runs the role that the command line names; the API is the real one unless told. */
export const launch = <E>(worker: Layer.Layer<never, E>, api = () => Main.launch(Api.layer)): void =>
  process.argv[2] === "api" ? api() : Main.launch(worker)
