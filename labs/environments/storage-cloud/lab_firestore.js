// Firestore's emulator comes as a library: this serves it on the port that it is given.
const { FirestoreServer } = require("@firestore-emulator/server");

const port = Number(process.argv[2]);
new FirestoreServer().start(port).then(
  () => console.log(`Firestore listens on ${port}`),
  (error) => {
    console.error(`Firestore can't listen on ${port}: ${error.message}`);
    process.exit(1);
  },
);
