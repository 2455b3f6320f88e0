import * as Embedded from "../layers/Embedded.ts"
import * as Main from "../layers/Main.ts"

Main.launchForPeople(Embedded.layer)
