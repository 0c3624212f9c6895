// node node.mjs MODULES HOST: runs the scenario on the firebase package in MODULES/node_modules, and prints its lines.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { run } from "./scenario.mjs";

const [modules, host] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${modules}/package.json`));
const sdk = { ...require("firebase/app"), ...require("firebase/auth") };
const codes = async () => (await (await fetch(`${host}/emulator/v1/projects/weftly-local/oobCodes`)).json()).oobCodes;
console.log(JSON.stringify(await run(sdk, host, codes)));
process.exit(0);
