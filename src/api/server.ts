import "../layers/Heap.ts"
import * as Api from "../layers/Api.ts"
import * as Main from "../layers/Main.ts"

Main.launch(Api.layer)
