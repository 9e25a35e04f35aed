// A relay on Socket.IO: a visitor's text goes to the agent of its share, what an agent sends back to the visitor that
// its first eight characters name. Every hop is acknowledged. The argument is the folder of npm's packages.
const { Server } = require(`${process.argv[1]}/socket.io`);
const { version } = require(`${process.argv[1]}/socket.io/package.json`);

const http = require("node:http").createServer();
const io = new Server(http, { transports: ["websocket"], serveClient: false });
const visitors = new Map();
const agents = [];

io.on("connection", (socket) => {
  const { visitor, agent } = socket.handshake.auth;
  if (agent === undefined) {
    visitors.set(visitor, socket);
  } else {
    agents.push(socket);
  }
  socket.on("message", (text, acknowledge) => {
    acknowledge();
    const to = agent === undefined ? agents[visitor % agents.length] : visitors.get(Number(text.slice(0, 8)));
    to.emit("message", text, () => {});
  });
});

http.listen(0, "127.0.0.1", 4096, () => console.log(`ready 127.0.0.1:${http.address().port} ${version}`));
