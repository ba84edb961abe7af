const path = require("node:path");
const HtmlWebpackPlugin = require("html-webpack-plugin");

module.exports = {
  entry: "./src/bearing.js",
  output: { path: path.resolve(__dirname, "static/bundle"), filename: "bearing.[contenthash:8].js", publicPath: "/bundle/" },
  plugins: [
    // Hugo takes the tags with the names of the bundles in as a part of its pages.
    new HtmlWebpackPlugin({
      filename: path.resolve(__dirname, "layouts/partials/bundle.html"),
      templateContent: ({ htmlWebpackPlugin }) => htmlWebpackPlugin.tags.headTags.join(""),
      inject: false,
    }),
  ],
};
