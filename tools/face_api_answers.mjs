// Records the outputs of the original networks for tests/labels/test_networks.py:
//     node tools/face_api_answers.mjs package > tests/labels/face_api_answers.json
// Runs face-api's own JavaScript (its CPU backend) on the image made by `pattern`, which the test makes in the same way.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const SIDE = 112;
const folder = process.argv[2];
globalThis.window = { document: {} }; // the bundle expects a browser
globalThis.document = globalThis.window.document;
console.info = console.warn = () => {}; // only JSON may reach the standard output

// The package is not declared as an ES module, so its bundle is loaded from a copy with the suffix .mjs.
const bundle = path.join(fs.mkdtempSync("/tmp/face-api-"), "face-api.mjs");
fs.copyFileSync(path.join(folder, "dist", "face-api.esm.js"), bundle);
const api = await import(pathToFileURL(bundle));
await api.tf.setBackend("cpu");
await api.tf.ready();

function pattern() {
  const values = new Float32Array(SIDE * SIDE * 3);
  for (let y = 0; y < SIDE; y++)
    for (let x = 0; x < SIDE; x++)
      for (let c = 0; c < 3; c++)
        values[(y * SIDE + x) * 3 + c] = (x * (c + 2) + y * (5 - c) + ((x * y) >> c)) % 256;
  return api.tf.tensor(values, [1, SIDE, SIDE, 3]);
}

function open(network, name) {
  const manifest = JSON.parse(fs.readFileSync(path.join(folder, "model", `${name}-weights_manifest.json`)));
  const data = fs.readFileSync(path.join(folder, "model", `${name}.bin`));
  const buffer = data.buffer.slice(data.byteOffset, data.byteOffset + data.length);
  network.loadFromWeightMap(api.tf.io.decodeWeights(buffer, manifest[0].weights));
  return network;
}

const input = await api.toNetInput(pattern());
const { age, gender } = open(new api.AgeGenderNet(), "age_gender_model").runNet(input);
const expressions = open(new api.FaceExpressionNet(), "face_expression_model").runNet(input);
const points = open(new api.FaceLandmark68TinyNet(), "face_landmark_68_tiny_model").runNet(input);
const answers = {
  age: age.arraySync(),
  gender: gender.arraySync()[0],
  expressions: expressions.arraySync()[0],
  points: points.arraySync()[0],
};
process.stdout.write(JSON.stringify(answers, null, 1) + "\n");
