// An HTTP server that says what reached it: what Node's parser made of our bytes.
import http from "node:http";

const server = http.createServer((request, response) => {
  const pieces = [];
  request.on("data", (piece) => pieces.push(piece));
  request.on("end", () => {
    const seen = {
      method: request.method,
      // Node holds a target as latin-1.
      target: Buffer.from(request.url, "latin1").toString("hex"),
      fields: request.rawHeaders.map((text) => Buffer.from(text, "latin1").toString("hex")),
      body: Buffer.concat(pieces).toString("hex"),
    };
    const answer = JSON.stringify(seen);
    response.writeHead(200, { "content-type": "application/json", "content-length": answer.length });
    response.end(answer);
  });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
