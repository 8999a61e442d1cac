// The baseline for requests a second: Bolt for JavaScript as its documentation starts it, with a handler that only acks.
// node bench/bolt.js <port> <Slack's port> <token> <signing secret>, with NODE_PATH where @slack/bolt is.
const { App } = require('@slack/bolt');

const [port, slack, token, signingSecret] = process.argv.slice(2);
const app = new App({ token, signingSecret, clientOptions: { slackApiUrl: `http://127.0.0.1:${slack}/api/` } });
app.command('/discount', async ({ ack }) => {
  await ack();
});
app.start({ port: Number(port), host: '127.0.0.1' });
