from views.board import make_board


def main():
    make_board().show()


if __name__ == "__main__":
    main()
