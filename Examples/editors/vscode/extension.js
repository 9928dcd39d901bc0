// Starts `stepgraph lsp`; all else is the server's.
const {workspace} = require("vscode");
const {LanguageClient} = require("vscode-languageclient/node");

let client;

exports.activate = () => {
  const command = workspace.getConfiguration("stepgraph").get("command");
  client = new LanguageClient(
    "stepgraph", "Stepgraph", {command, args: ["lsp"]},
    {documentSelector: [{language: "stepgraph"}, {language: "yaml"}]});
  return client.start();
};

exports.deactivate = () => client && client.stop();
